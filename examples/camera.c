/*
 * Enlarges raw NV12 frames, or puts others between them, on their way from standard input to standard output:
 *
 *     ffmpeg -i http://camera/ -f rawvideo -pix_fmt nv12 - | ./camera sesr-x2 640 360 |
 *         ffplay -f rawvideo -pixel_format nv12 -video_size 1280x720 -
 */
#include <pocketlens.h>

#include <stdio.h>
#include <stdlib.h>

static void complain(void *user, pocketlens_status status, const char *line)
{
    fprintf((FILE *)user, "camera: %s (%d)\n", line, status);
}

static size_t make_frame(pocketlens_frame *frame, int width, int height)
{
    size_t size = (size_t)width * height + (size_t)((width + 1) / 2) * ((height + 1) / 2) * 2;
    frame->struct_size = sizeof *frame;
    frame->format = POCKETLENS_FORMAT_NV12;
    frame->width = width;
    frame->height = height;
    frame->planes[0] = malloc(size); /* Cb and Cr follow Y, and rows each other */
    frame->sizes[0] = (int64_t)size;
    return size;
}

static pocketlens_status write_all(pocketlens *model, pocketlens_frame *frame, size_t size)
{
    pocketlens_status status;
    while ((status = pocketlens_pull(model, frame)) == POCKETLENS_OK)
        if (fwrite(frame->planes[0], size, 1, stdout) != 1 || fflush(stdout))
            return POCKETLENS_END; /* nobody reads any more */
    return status;
}

int main(int argc, char **argv)
{
    pocketlens_frame in = {0}, out = {0};
    pocketlens_status status = POCKETLENS_AGAIN;
    pocketlens *model = NULL;
    int32_t scale = 1;
    size_t size, larger;
    pocketlens_set_log(complain, stderr);
    if (argc != 4 || atoi(argv[2]) < 1 || atoi(argv[3]) < 1)
        return fprintf(stderr, "usage: camera MODEL WIDTH HEIGHT < frames > frames\n"), 2;
    if (pocketlens_create(argv[1], &model) || pocketlens_load(model) || pocketlens_get_i32(model, "scale", &scale))
        return 1;
    size = make_frame(&in, atoi(argv[2]), atoi(argv[3]));
    larger = make_frame(&out, in.width * scale, in.height * scale);
    for (; status == POCKETLENS_AGAIN && fread(in.planes[0], size, 1, stdin) == 1; in.pts++)
        if ((status = pocketlens_push(model, &in)) == POCKETLENS_OK)
            status = write_all(model, &out, larger);
    if (status == POCKETLENS_AGAIN && (status = pocketlens_flush(model)) == POCKETLENS_OK)
        status = write_all(model, &out, larger);
    pocketlens_destroy(model);
    return status != POCKETLENS_END;
}
