/*
 * pocketlens for C and C++: models that upscale or interpolate video, run on frames in your memory.
 *
 * Every call answers a pocketlens_status; below 0 it failed and changed nothing that its description does not name.
 * pocketlens_last_error() has a line about it. Nothing is printed, nothing is thrown. A clip goes
 *
 *     create -> set_* -> load -> push, pull, push, pull ... -> flush -> pull until END -> destroy
 *
 * and one push may give rise to no frame, one, or many.
 *
 * Threads: any thread may make any call. With one handle, one thread at a time; a second gets POCKETLENS_BUSY.
 * Handles share nothing. The first call of the process starts the interpreter inside and takes about a second.
 *
 * Memory: yours stays yours. Strings and frames are read or written during the call that gets them and not after it.
 * Strings are UTF-8 (a path is whatever bytes the system knows it by) and end in a zero byte.
 */
#ifndef POCKETLENS_H
#define POCKETLENS_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define POCKETLENS_API __attribute__((visibility("default")))
#else
#define POCKETLENS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* 0 is done; above it lies what is no failure, below it what is: by hundreds the caller's, the machine's, ours. */
typedef enum pocketlens_status {
    POCKETLENS_OK = 0,
    POCKETLENS_AGAIN = 1,            /* not now: pull before the next push, or push before the next pull */
    POCKETLENS_END = 2,              /* the clip is at its end */
    POCKETLENS_BAD_HANDLE = -101,    /* never created, or destroyed; this is safe to find out */
    POCKETLENS_BAD_STATE = -102,     /* settings come before load, frames after it */
    POCKETLENS_BUSY = -103,          /* another thread is in a call with this handle */
    POCKETLENS_BAD_KEY = -104,       /* no such key, or not of this kind */
    POCKETLENS_BAD_VALUE = -105,     /* a value cannot be used, or what is to be filled is NULL or too small */
    POCKETLENS_BAD_BUNDLE = -106,    /* the bundle cannot be opened */
    POCKETLENS_BAD_FRAME = -107,     /* a frame, or what is said of it, cannot be used */
    POCKETLENS_OTHER_SIZE = -108,    /* the frame that waits has another size, now in the descriptor */
    POCKETLENS_MACHINE_CANNOT = -201,/* an engine, a package, a device or the Python environment is missing */
    POCKETLENS_OUT_OF_MEMORY = -202,
    POCKETLENS_INTERNAL = -301       /* a fault of pocketlens */
} pocketlens_status;

/* How pixels lie in memory, 8 bits a sample. */
typedef enum pocketlens_format {
    POCKETLENS_FORMAT_BGR24 = 1,
    POCKETLENS_FORMAT_RGB24 = 2,
    POCKETLENS_FORMAT_BGRA = 3,
    POCKETLENS_FORMAT_GRAY8 = 4,
    POCKETLENS_FORMAT_NV12 = 5, /* Y, then Cb and Cr in turn at half the size, rounded up */
    POCKETLENS_FORMAT_I420 = 6  /* Y, Cb and Cr, the latter two at half the size, rounded up */
} pocketlens_format;

/* Which Y'CbCr it is; formats of red, green and blue have none. */
typedef enum pocketlens_matrix {
    POCKETLENS_MATRIX_UNSET = 0, /* pushed: BT.601; pulled: as the frame has it */
    POCKETLENS_MATRIX_BT601 = 601,
    POCKETLENS_MATRIX_BT709 = 709,
    POCKETLENS_MATRIX_BT2020 = 2020
} pocketlens_matrix;

/* Which sample values are black and white. */
typedef enum pocketlens_range {
    POCKETLENS_RANGE_UNSET = 0,   /* pushed: limited or, of GRAY8, full; pulled: as the frame has it */
    POCKETLENS_RANGE_LIMITED = 1, /* 16 and 235 */
    POCKETLENS_RANGE_FULL = 2     /* 0 and 255 */
} pocketlens_range;

/* A model and the clip that goes through it. Its value is no address, and that of a destroyed one never comes again. */
typedef struct pocketlens pocketlens;

/*
 * A frame in your memory. Set all of it to zero, then struct_size, format, width, height and planes[0]; the rest where
 * it differs from zero.
 */
typedef struct pocketlens_frame {
    size_t struct_size;    /* sizeof(pocketlens_frame), by which a library tells older callers from newer ones */
    int32_t format;        /* a pocketlens_format */
    int32_t width, height; /* pixels, from 1 */
    int32_t matrix;        /* a pocketlens_matrix */
    int32_t range;         /* a pocketlens_range */
    void *planes[4];       /* first sample of each plane; where all but the first are NULL, planes follow each other */
    int64_t strides[4];    /* bytes from one row to the next; 0: rows follow each other */
    int64_t sizes[4];      /* bytes of memory from planes[i] on; 0: as many as strides and height ask for */
    int64_t pts;           /* when it is shown, in units of the time base */
    int64_t duration;      /* how long, in the same; 0: not known */
    int64_t time_base_num; /* the unit of time in seconds, as a fraction; 0 and 0: a millisecond */
    int64_t time_base_den;
} pocketlens_frame;

/* Is given one line about a call that failed, in the thread of that call and before it returns. It must not call
 * pocketlens; `line` is gone when it returns. */
typedef void (*pocketlens_log)(void *user, pocketlens_status status, const char *line);

/* Give `log`, or NULL for none, every failure from now on, with `user` as it is. One for the process: set it first. */
POCKETLENS_API void pocketlens_set_log(pocketlens_log log, void *user);

/* Make `*handle` one for a bundle: a file, or the name of a shipped model. It is NULL where this fails. Destroy it. */
POCKETLENS_API pocketlens_status pocketlens_create(const char *bundle, pocketlens **handle);

/* Set a key before load, which judges the value: "engine", "precision", "device", "cut", "keep" are strings, "threads",
 * "tile", "factor", "queue" whole numbers, "budget" is a number, and "fps" one or a string such as "60000/1001". */
POCKETLENS_API pocketlens_status pocketlens_set_i32(pocketlens *handle, const char *key, int32_t value);
POCKETLENS_API pocketlens_status pocketlens_set_f32(pocketlens *handle, const char *key, float value);
POCKETLENS_API pocketlens_status pocketlens_set_str(pocketlens *handle, const char *key, const char *value);

/* Read a key: a setting or, of a loaded model, "scale", "task", "name", "waiting" and "dropped" in frames, and "notes",
 * why better engines are not used, a line each; where one fails in the middle of a clip, "engine" is the one that goes on.
 * Where this fails, `value` is 0 or empty; POCKETLENS_BAD_VALUE where a string and its zero do not fit in `size` bytes. */
POCKETLENS_API pocketlens_status pocketlens_get_i32(pocketlens *handle, const char *key, int32_t *value);
POCKETLENS_API pocketlens_status pocketlens_get_f32(pocketlens *handle, const char *key, float *value);
POCKETLENS_API pocketlens_status pocketlens_get_str(pocketlens *handle, const char *key, char *value, size_t size);

/* Open the bundle on an engine. Every setting is judged first; pocketlens_last_error() names the key that is wrong. */
POCKETLENS_API pocketlens_status pocketlens_load(pocketlens *handle);

/* Give the next frame, which is copied. AGAIN where the queue is full, or the clip is flushed and not yet pulled. */
POCKETLENS_API pocketlens_status pocketlens_push(pocketlens *handle, const pocketlens_frame *frame);

/* Write the next frame into the memory that `frame` describes, and its pts, duration and time base into `frame`.
 * AGAIN where more must be pushed first, END at the end of a flushed clip. Where the size is another one,
 * OTHER_SIZE: it is in `frame` then, and the same frame comes with the next call. */
POCKETLENS_API pocketlens_status pocketlens_pull(pocketlens *handle, pocketlens_frame *frame);

/* Say that the clip has no more frames: pull gives what is held back, then END. The next push begins another. */
POCKETLENS_API pocketlens_status pocketlens_flush(pocketlens *handle);

/* Forget every frame; the next push begins another clip, as after load. */
POCKETLENS_API pocketlens_status pocketlens_reset(pocketlens *handle);

/* Let go of the model and of the handle. */
POCKETLENS_API pocketlens_status pocketlens_destroy(pocketlens *handle);

/* Write a line about the last call with this handle that failed into `size` bytes, cut where it does not fit; with
 * NULL, about create, about dead handles, and why nothing starts here. Gives the bytes that all of it takes. */
POCKETLENS_API size_t pocketlens_last_error(pocketlens *handle, char *line, size_t size);

/* What a status means, in a line. The string stays. */
POCKETLENS_API const char *pocketlens_status_string(pocketlens_status status);

/* The version of pocketlens that serves, such as "0.1.0"; empty where nothing starts here. The string stays. */
POCKETLENS_API const char *pocketlens_version(void);

#ifdef __cplusplus
}
#endif

#endif
