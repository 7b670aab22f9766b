#include "internal.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const uint8_t *bytes;
  size_t rest;
} input;

typedef struct {
  martlet_writer writer;
  void *context;
} output;

// Chunks larger than this are not for us, whatever they are.
enum { MOST_CHUNK_BYTES = 8 << 20 };

static void on_error(png_structp png, png_const_charp text) {
  martlet_fail(png_get_error_ptr(png), text);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void on_read(png_structp png, png_bytep target, size_t count) {
  input *source = png_get_io_ptr(png);
  if (count > source->rest) png_error(png, "the file ends early");
  memcpy(target, source->bytes, count);
  source->bytes += count;
  source->rest -= count;
}

static void on_write(png_structp png, png_bytep bytes, size_t count) {
  output *target = png_get_io_ptr(png);
  target->writer(target->context, bytes, count);
}

static void on_flush(png_structp png) { (void)png; }

int martlet_png_read(const uint8_t *bytes, size_t count, uint64_t most_pixels, martlet_picture *found,
                     uint8_t *pixels, char *message) {
  input source = {bytes, count};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning);
  if (png == NULL) return martlet_fail(message, "libpng could not start");
  png_infop info = png_create_info_struct(png);
  // Kept where the jump cannot lose it.
  png_bytep *volatile rows = NULL;
  if (info == NULL || setjmp(png_jmpbuf(png))) {
    free(rows);
    png_destroy_read_struct(&png, &info, NULL);
    return 1;
  }
  png_set_read_fn(png, &source, on_read);
  png_set_chunk_malloc_max(png, MOST_CHUNK_BYTES);
  png_set_chunk_cache_max(png, 16);
#ifdef PNG_HANDLE_AS_UNKNOWN_SUPPORTED
  // Texts and profiles can be bombs, and nobody reads them here.
  static const uint8_t ignored[] = "iCCP\0zTXt\0tEXt\0iTXt\0eXIf\0sPLT";
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, ignored, sizeof ignored / 5);
#endif
  png_read_info(png, info);
  uint32_t width = png_get_image_width(png, info);
  uint32_t height = png_get_image_height(png, info);
  if ((uint64_t)width * height > most_pixels) png_error(png, "too many pixels");
  uint32_t channels = png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR ? 3 : 1;
  if (pixels != NULL) {
    if (width != found->width || height != found->height || channels != found->channels) {
      png_error(png, "another size than its header said");
    }
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_rowbytes(png, info) != (size_t)width * channels) png_error(png, "unexpected pixel format");
    rows = malloc(height * sizeof *rows);
    if (rows == NULL) png_error(png, "out of memory");
    for (uint32_t row = 0; row < height; row++) rows[row] = pixels + (size_t)row * width * channels;
    png_read_image(png, rows);
    png_read_end(png, NULL);
  }
  free(rows);
  png_destroy_read_struct(&png, &info, NULL);
  *found = (martlet_picture){width, height, channels};
  return 0;
}

int martlet_png_encode(const uint8_t *pixels, const martlet_picture *picture, martlet_writer writer,
                       void *context, char *message) {
  output target = {writer, context};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning);
  if (png == NULL) return martlet_fail(message, "libpng could not start");
  png_infop info = png_create_info_struct(png);
  if (info == NULL || setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    return 1;
  }
  png_set_write_fn(png, &target, on_write, on_flush);
  png_set_IHDR(png, info, picture->width, picture->height, 8,
               picture->channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (uint32_t row = 0; row < picture->height; row++) {
    png_write_row(png, pixels + (size_t)row * picture->width * picture->channels);
  }
  png_write_end(png, NULL);
  png_destroy_write_struct(&png, &info);
  return 0;
}
