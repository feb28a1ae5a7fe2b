/* Makes the calls that it reads, a line each with fields between tabs, and writes what each answers the same way. */
#include "pocketlens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 24

/* A field is NULL where the line says so, and where it has none. */
static char *field(char **fields, int place)
{
    return fields[place] && strcmp(fields[place], "null") ? fields[place] : NULL;
}

static long number(char **fields, int place)
{
    return fields[place] ? strtol(fields[place], NULL, 10) : 0;
}

/* From `place` on: format, width, height, matrix, range, pts, duration, time base, fill, bytes, then strides. */
static pocketlens_frame described(char **fields, int place)
{
    pocketlens_frame frame;
    int plane;
    memset(&frame, 0, sizeof frame);
    frame.struct_size = sizeof frame;
    frame.format = (int32_t)number(fields, place);
    frame.width = (int32_t)number(fields, place + 1);
    frame.height = (int32_t)number(fields, place + 2);
    frame.matrix = (int32_t)number(fields, place + 3);
    frame.range = (int32_t)number(fields, place + 4);
    frame.pts = number(fields, place + 5);
    frame.duration = number(fields, place + 6);
    frame.time_base_num = number(fields, place + 7);
    frame.time_base_den = number(fields, place + 8);
    frame.sizes[0] = number(fields, place + 10);
    frame.planes[0] = malloc((size_t)frame.sizes[0]);
    memset(frame.planes[0], (int)number(fields, place + 9), (size_t)frame.sizes[0]);
    for (plane = 0; plane < 4; plane++)
        frame.strides[plane] = number(fields, place + 11 + plane);
    return frame;
}

static int called(char **fields, const char *function)
{
    return strcmp(fields[0], function) == 0;
}

/* Fields: function, handle, key, value. The answer is a status, then what is given back. */
static void settings(char **fields, pocketlens *handle)
{
    const char *key = field(fields, 2), *value = field(fields, 3);
    int32_t whole = -1;
    float real = -1;
    char line[4096] = "unset";
    if (called(fields, "set_i32"))
        printf("%d\n", pocketlens_set_i32(handle, key, (int32_t)number(fields, 3)));
    else if (called(fields, "set_f32"))
        printf("%d\n", pocketlens_set_f32(handle, key, (float)atof(value)));
    else if (called(fields, "set_str"))
        printf("%d\n", pocketlens_set_str(handle, key, value));
    else if (called(fields, "get_i32")) {
        pocketlens_status status = pocketlens_get_i32(handle, key, &whole);
        printf("%d\t%ld\n", status, (long)whole);
    } else if (called(fields, "get_f32")) {
        pocketlens_status status = pocketlens_get_f32(handle, key, &real);
        printf("%d\t%.9g\n", status, (double)real);
    } else {
        pocketlens_status status = pocketlens_get_str(handle, key, line, sizeof line);
        printf("%d\t%s\n", status, line);
    }
}

static void frames(char **fields, pocketlens *handle)
{
    int given = field(fields, 2) != NULL;
    pocketlens_frame frame = described(fields, 2);
    pocketlens_status status;
    if (called(fields, "push"))
        status = pocketlens_push(handle, given ? &frame : NULL);
    else
        status = pocketlens_pull(handle, given ? &frame : NULL);
    printf("%d\t%d\t%d\t%ld\t%ld\t%ld\t%ld\n", status, frame.width, frame.height, (long)frame.pts,
           (long)frame.duration, (long)frame.time_base_num, (long)frame.time_base_den);
    free(frame.planes[0]);
}

static void make(char **fields)
{
    pocketlens *handle = (pocketlens *)number(fields, 1);
    char line[4096];
    if (called(fields, "create")) {
        pocketlens_status status = pocketlens_create(field(fields, 1), &handle);
        printf("%d\t%ld\n", status, (long)handle);
    } else if (called(fields, "load"))
        printf("%d\n", pocketlens_load(handle));
    else if (called(fields, "flush"))
        printf("%d\n", pocketlens_flush(handle));
    else if (called(fields, "reset"))
        printf("%d\n", pocketlens_reset(handle));
    else if (called(fields, "destroy"))
        printf("%d\n", pocketlens_destroy(handle));
    else if (called(fields, "push") || called(fields, "pull"))
        frames(fields, handle);
    else if (called(fields, "last_error")) {
        size_t size = pocketlens_last_error(handle, line, sizeof line);
        printf("%lu\t%s\n", (unsigned long)size, line);
    } else if (called(fields, "status_string"))
        printf("0\t%s\n", pocketlens_status_string((pocketlens_status)number(fields, 1)));
    else if (called(fields, "version"))
        printf("0\t%s\n", pocketlens_version());
    else
        settings(fields, handle);
}

int main(void)
{
    static char line[65536];
    while (fgets(line, sizeof line, stdin)) {
        char *fields[FIELDS] = {NULL}, *rest = line;
        int count = 0;
        line[strcspn(line, "\n")] = 0;
        while (rest && count < FIELDS - 1) {
            fields[count++] = rest;
            rest = strchr(rest, '\t');
            if (rest)
                *rest++ = 0;
        }
        make(fields);
        fflush(stdout);
    }
    return 0;
}
