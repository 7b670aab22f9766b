#ifndef MARTLET_IMAGES_SHIM_H
#define MARTLET_IMAGES_SHIM_H

#if !__has_include(<png.h>)
#error "install libpng-dev (Debian/Ubuntu) or libpng-devel (Fedora)"
#endif
#if !__has_include(<jpeglib.h>)
#error "install libjpeg-dev (Debian/Ubuntu) or libjpeg-turbo-devel (Fedora)"
#endif
#include <stddef.h>
#include <stdint.h>

// Decoding and encoding with libpng and libjpeg. Their error jumps end inside these functions; nothing of
// the caller's is ever jumped over. All functions return 0 for success and fill in a message otherwise.

enum { MARTLET_MESSAGE_SIZE = 200 };

// What the header of a picture says.
typedef struct {
  uint32_t width;
  uint32_t height;
  // 1 for gray, 3 for red, green and blue.
  uint32_t channels;
} martlet_picture;

// Reads the header of a PNG or JPEG picture and refuses one with more than `most_pixels`.
int martlet_picture_probe(const uint8_t *bytes, size_t count, uint64_t most_pixels, martlet_picture *picture,
                          char *message);

// Decodes into `pixels`, rows of `width * channels` bytes, which the caller has allocated for `picture`.
int martlet_picture_decode(const uint8_t *bytes, size_t count, const martlet_picture *picture,
                           uint8_t *pixels, char *message);

// Receives a piece of an encoded picture.
typedef void (*martlet_writer)(void *context, const uint8_t *bytes, size_t count);

// Encodes rows of `width * channels` bytes as PNG.
int martlet_png_encode(const uint8_t *pixels, const martlet_picture *picture, martlet_writer writer,
                       void *context, char *message);

#endif
