/* The exported functions: each starts Python when it is the first, and asks the function of face.py of its name. This is
 * compiled between what cffi writes: Python.h and cffi_start_python() before it, the python_* functions after it. */
#include "pocketlens.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* From the builder: HOME and STANDARD_LIBRARY of the Python that it ran in, and START and SERVE, which are Python. */
#include "baked.h"

static char unusable[1024]; /* why nothing works here; empty where it does */
static pocketlens_log log_to;
static void *log_user;

static void fail(const char *reason)
{
    snprintf(unusable, sizeof unusable, "%s", reason && *reason ? reason : "the Python inside cannot start");
}

/* Why Python raised, in place of the traceback that it would print. */
static void fail_as_raised(void)
{
    PyObject *type, *value, *trace, *text;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    text = value ? PyObject_Str(value) : NULL;
    fail(text ? PyUnicode_AsUTF8(text) : NULL);
    PyErr_Clear();
    Py_XDECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
}

static void run(const char *code)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *names = PyDict_New();
    PyObject *done = names ? PyRun_String(code, Py_file_input, names, names) : NULL;
    if (!done)
        fail_as_raised();
    Py_XDECREF(done);
    Py_XDECREF(names);
    PyGILState_Release(state);
}

/* Extension modules look for Python's functions among the global ones, where a plugin's libraries are not. */
static void make_python_global(void)
{
    Dl_info python;
    if (dladdr((void *)Py_InitializeFromConfig, &python))
        dlopen(python.dli_fname, RTLD_LAZY | RTLD_GLOBAL | RTLD_NOLOAD);
}

/* Not Py_Initialize, which reads the user's environment and ends the process where it fails. */
static void initialize(void)
{
    PyPreConfig before;
    PyConfig config;
    PyStatus status;
    if (access(STANDARD_LIBRARY, R_OK)) {
        fail("the Python that this library was built for is gone: there is no " STANDARD_LIBRARY);
        return;
    }
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    status = Py_PreInitialize(&before);
    if (!PyStatus_Exception(status))
        status = PyConfig_SetBytesString(&config, &config.home, HOME);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    if (PyStatus_Exception(status))
        fail(status.err_msg);
    else
        PyEval_SaveThread();
    PyConfig_Clear(&config);
}

/* cffi locks by the version tag of this type, and ends the process where Python has given it one. While Python's lock is
 * held it gives none. */
static void start_cffi(void)
{
    PyGILState_STATE state = PyGILState_Ensure();
    PyType_Modified(&PyCapsule_Type);
    if (cffi_start_python())
        fail("cffi cannot start");
    PyGILState_Release(state);
}

static void start(void)
{
    make_python_global();
    if (!Py_IsInitialized())
        initialize();
    if (!*unusable)
        run(START);
    if (!*unusable)
        start_cffi();
    if (!*unusable)
        run(SERVE);
}

static int started(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start);
    return !*unusable;
}

static pocketlens_status told(pocketlens *handle, pocketlens_status status)
{
    if (status < 0 && log_to) {
        char line[1024] = "";
        pocketlens_last_error(handle, line, sizeof line);
        log_to(log_user, status, line);
    }
    return status;
}

/* `first` is what a caller finds in its own memory where the call fails. */
#define SERVED(name, parameters, handle, first, arguments)                                                             \
    static pocketlens_status python_##name parameters;                                                                 \
    pocketlens_status pocketlens_##name parameters                                                                     \
    {                                                                                                                  \
        first;                                                                                                         \
        return told(handle, started() ? python_##name arguments : POCKETLENS_MACHINE_CANNOT);                          \
    }
#define NOTHING (void)0
#define CLEARED(place) if (place) *place = 0

SERVED(create, (const char *bundle, pocketlens **handle), NULL, CLEARED(handle), (bundle, handle))
SERVED(set_i32, (pocketlens *handle, const char *key, int32_t value), handle, NOTHING, (handle, key, value))
SERVED(set_f32, (pocketlens *handle, const char *key, float value), handle, NOTHING, (handle, key, value))
SERVED(set_str, (pocketlens *handle, const char *key, const char *value), handle, NOTHING, (handle, key, value))
SERVED(get_i32, (pocketlens *handle, const char *key, int32_t *value), handle, CLEARED(value), (handle, key, value))
SERVED(get_f32, (pocketlens *handle, const char *key, float *value), handle, CLEARED(value), (handle, key, value))
SERVED(get_str, (pocketlens *handle, const char *key, char *value, size_t size), handle, if (size) CLEARED(value),
       (handle, key, value, size))
SERVED(load, (pocketlens *handle), handle, NOTHING, (handle))
SERVED(push, (pocketlens *handle, const pocketlens_frame *frame), handle, NOTHING, (handle, frame))
SERVED(pull, (pocketlens *handle, pocketlens_frame *frame), handle, NOTHING, (handle, frame))
SERVED(flush, (pocketlens *handle), handle, NOTHING, (handle))
SERVED(reset, (pocketlens *handle), handle, NOTHING, (handle))
SERVED(destroy, (pocketlens *handle), handle, NOTHING, (handle))

void pocketlens_set_log(pocketlens_log log, void *user)
{
    log_to = log;
    log_user = user;
}

static size_t python_last_error(pocketlens *handle, char *line, size_t size);
size_t pocketlens_last_error(pocketlens *handle, char *line, size_t size)
{
    if (!line)
        size = 0;
    return started() ? python_last_error(handle, line, size) : (size_t)snprintf(line, size, "%s", unusable) + 1;
}

static const char *python_status_string(pocketlens_status status);
const char *pocketlens_status_string(pocketlens_status status)
{
    const char *line = started() ? python_status_string(status) : NULL;
    return line ? line : "pocketlens cannot start here; pocketlens_last_error(NULL, ...) says why";
}

static const char *python_version(void);
const char *pocketlens_version(void)
{
    const char *version = started() ? python_version() : NULL;
    return version ? version : "";
}
