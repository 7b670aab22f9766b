#include "internal.h"

#include <string.h>

static const uint8_t PNG_MARK[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
static const uint8_t JPEG_MARK[3] = {0xff, 0xd8, 0xff};

static int read_any(const uint8_t *bytes, size_t count, uint64_t most_pixels, martlet_picture *found,
                    uint8_t *pixels, char *message) {
  if (count >= sizeof PNG_MARK && memcmp(bytes, PNG_MARK, sizeof PNG_MARK) == 0) {
    return martlet_png_read(bytes, count, most_pixels, found, pixels, message);
  }
  if (count >= sizeof JPEG_MARK && memcmp(bytes, JPEG_MARK, sizeof JPEG_MARK) == 0) {
    return martlet_jpeg_read(bytes, count, most_pixels, found, pixels, message);
  }
  return martlet_fail(message, "neither a PNG nor a JPEG file");
}

int martlet_picture_probe(const uint8_t *bytes, size_t count, uint64_t most_pixels, martlet_picture *picture,
                          char *message) {
  return read_any(bytes, count, most_pixels, picture, NULL, message);
}

int martlet_picture_decode(const uint8_t *bytes, size_t count, const martlet_picture *picture,
                           uint8_t *pixels, char *message) {
  martlet_picture expected = *picture;
  uint64_t most_pixels = (uint64_t)picture->width * picture->height;
  return read_any(bytes, count, most_pixels, &expected, pixels, message);
}
