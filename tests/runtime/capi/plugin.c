/* Loads the library as a host loads a plugin, nothing of it made global, and says whether a model opens, why not, and
 * what was logged. */
#include <pocketlens.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* C has no cast from what dlsym gives to a function. */
#define FIND(library, name, place) (*(void **)place = dlsym(library, name), *place != NULL)

static char logged[1024];

static void keep(void *place, pocketlens_status status, const char *line)
{
    sprintf((char *)place, "%d %.1000s", status, line);
}

int main(int argc, char **argv)
{
    void *library = dlopen(argc > 2 ? argv[1] : NULL, RTLD_NOW | RTLD_LOCAL);
    pocketlens_status (*create)(const char *, pocketlens **), (*load)(pocketlens *);
    void (*set_log)(pocketlens_log, void *);
    size_t (*last_error)(pocketlens *, char *, size_t);
    pocketlens *handle = NULL;
    pocketlens_status status;
    char line[1024] = "";
    if (!library || !FIND(library, "pocketlens_create", &create) || !FIND(library, "pocketlens_load", &load) ||
        !FIND(library, "pocketlens_last_error", &last_error) || !FIND(library, "pocketlens_set_log", &set_log))
        return 1;
    set_log(keep, logged);
    status = create(argv[2], &handle);
    if (status == POCKETLENS_OK)
        status = load(handle);
    if (status)
        last_error(handle, line, sizeof line);
    printf("%d %d %s\n%s\n", status, handle != NULL, line, logged);
    return dlclose(library);
}
