/* c_face MODEL ENGINE THREADS WIDTH HEIGHT COUNT < FRAMES-AND-LETTERS: reads COUNT frames of NV12 and then, for each
 * letter, pushes the next of them and pulls one twice as large; writes the milliseconds that took, and for the letter s
 * the sum of its bytes. */
#include <pocketlens.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec * 1e-6;
}

static unsigned long sum(const unsigned char *bytes, size_t count)
{
    unsigned long all = 0;
    while (count--)
        all += *bytes++;
    return all;
}

int main(int argc, char **argv)
{
    pocketlens_frame in = {.struct_size = sizeof in, .format = POCKETLENS_FORMAT_NV12}, out = in;
    pocketlens *model;
    if (argc != 7 || pocketlens_create(argv[1], &model) || pocketlens_set_str(model, "engine", argv[2]) ||
        pocketlens_set_i32(model, "threads", atoi(argv[3])) || pocketlens_load(model))
        return 1;
    in.width = atoi(argv[4]), in.height = atoi(argv[5]);
    out.width = 2 * in.width, out.height = 2 * in.height;
    const size_t size = (size_t)in.width * in.height * 3 / 2, count = strtoul(argv[6], NULL, 10);
    unsigned char *frames = malloc(count * size);
    out.planes[0] = malloc(4 * size);
    if (!frames || !out.planes[0] || fread(frames, size, count, stdin) != count)
        return 1;
    for (int letter; (letter = getchar()) != EOF; in.pts++) {
        in.planes[0] = frames + in.pts % count * size;
        const double start = milliseconds();
        if (pocketlens_push(model, &in) || pocketlens_pull(model, &out))
            return 1;
        const double taken = milliseconds() - start;
        printf("%.6f %lu\n", taken, letter == 's' ? sum(out.planes[0], 4 * size) : 0);
        fflush(stdout);
    }
    return pocketlens_destroy(model) != POCKETLENS_OK;
}
