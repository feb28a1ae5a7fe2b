/* Several threads make the first call at once, and then run a clip each; the sums of what they got are written. */
#include <pocketlens.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define FRAMES 25
#define SIDE 16

static const char *bundle;

static unsigned long run_clip(void)
{
    static const size_t small = SIDE * SIDE, large = 4 * SIDE * SIDE;
    pocketlens_frame in = {0}, out = {0};
    pocketlens *model;
    unsigned long sum = 0;
    size_t place;
    in.struct_size = out.struct_size = sizeof in;
    in.format = out.format = POCKETLENS_FORMAT_GRAY8;
    in.width = in.height = SIDE;
    out.width = out.height = 2 * SIDE;
    in.planes[0] = malloc(small);
    out.planes[0] = malloc(large);
    if (pocketlens_create(bundle, &model) || pocketlens_set_i32(model, "threads", 1) || pocketlens_load(model))
        return 0;
    for (in.pts = 0; in.pts < FRAMES; in.pts++) {
        memset(in.planes[0], (int)in.pts, small);
        if (pocketlens_push(model, &in) || pocketlens_pull(model, &out) || out.pts != in.pts)
            return 0;
        for (place = 0; place < large; place++)
            sum += ((unsigned char *)out.planes[0])[place];
    }
    free(in.planes[0]);
    free(out.planes[0]);
    return pocketlens_destroy(model) ? 0 : sum;
}

static void *work(void *sum)
{
    *(unsigned long *)sum = run_clip();
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    unsigned long sums[THREADS];
    int number;
    bundle = argc > 1 ? argv[1] : "";
    for (number = 0; number < THREADS; number++)
        if (pthread_create(&threads[number], NULL, work, &sums[number]))
            return 1;
    for (number = 0; number < THREADS; number++) {
        pthread_join(threads[number], NULL);
        printf("%lu\n", sums[number]);
    }
    return 0;
}
