#ifndef MARTLET_IMAGES_INTERNAL_H
#define MARTLET_IMAGES_INTERNAL_H

#include "shim.h"

// Copies a message, cut to MARTLET_MESSAGE_SIZE, and returns 1.
int martlet_fail(char *message, const char *text);

// With `pixels` NULL only the header is read, into `found`.
int martlet_png_read(const uint8_t *bytes, size_t count, uint64_t most_pixels, martlet_picture *found,
                     uint8_t *pixels, char *message);
int martlet_jpeg_read(const uint8_t *bytes, size_t count, uint64_t most_pixels, martlet_picture *found,
                      uint8_t *pixels, char *message);

#endif
