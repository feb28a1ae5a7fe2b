/* Loads the library as a host loads a plugin, nothing of it made global, and says whether a model opens. */
#include <pocketlens.h>

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* C has no cast from what dlsym gives to a function. */
#define FIND(library, name, place) (*(void **)place = dlsym(library, name), *place != NULL)

int main(int argc, char **argv)
{
    void *library = dlopen(argc > 2 ? argv[1] : NULL, RTLD_NOW | RTLD_LOCAL);
    pocketlens_status (*create)(const char *, pocketlens **), (*load)(pocketlens *);
    size_t (*last_error)(pocketlens *, char *, size_t);
    pocketlens *handle = NULL;
    pocketlens_status status;
    char line[1024] = "";
    if (!library || !FIND(library, "pocketlens_create", &create) || !FIND(library, "pocketlens_load", &load) ||
        !FIND(library, "pocketlens_last_error", &last_error))
        return 1;
    status = create(argv[2], &handle);
    if (status == POCKETLENS_OK)
        status = load(handle);
    if (status)
        last_error(handle, line, sizeof line);
    printf("%d %d %s\n", status, handle != NULL, line);
    return dlclose(library);
}
