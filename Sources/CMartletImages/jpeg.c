#include "internal.h"

#include <setjmp.h>
#include <stdio.h>

// It needs stdio.h before it.
#include <jpeglib.h>

#include <jerror.h>

// A picture drawn in more steps than this wants to waste time.
enum { MOST_SCANS = 200 };

typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf escape;
  char *message;
} error_state;

typedef struct {
  struct jpeg_progress_mgr manager;
} progress_state;

static void on_error(j_common_ptr info) {
  error_state *state = (error_state *)info->err;
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  martlet_fail(state->message, text);
  longjmp(state->escape, 1);
}

// Warnings of missing or damaged picture data are errors here; about the rest libjpeg is right.
static void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
  case JWRN_JPEG_EOF:
  case JWRN_HIT_MARKER:
  case JWRN_HUFF_BAD_CODE:
  case JWRN_MUST_RESYNC:
    on_error(info);
  }
}

static void on_progress(j_common_ptr info) {
  if (((j_decompress_ptr)info)->input_scan_number > MOST_SCANS) {
    martlet_fail(((error_state *)info->err)->message, "too many scans");
    longjmp(((error_state *)info->err)->escape, 1);
  }
}

int martlet_jpeg_read(const uint8_t *bytes, size_t count, uint64_t most_pixels, martlet_picture *found,
                      uint8_t *pixels, char *message) {
  struct jpeg_decompress_struct info = {0};
  error_state errors = {.message = message};
  progress_state progress = {{.progress_monitor = on_progress}};
  info.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = on_error;
  errors.manager.emit_message = on_message;
  if (setjmp(errors.escape)) {
    jpeg_destroy_decompress(&info);
    return 1;
  }
  jpeg_create_decompress(&info);
  info.progress = &progress.manager;
  jpeg_mem_src(&info, bytes, (unsigned long)count);
  jpeg_read_header(&info, TRUE);
  martlet_picture picture = {info.image_width, info.image_height, info.num_components == 1 ? 1 : 3};
  if ((uint64_t)picture.width * picture.height > most_pixels) {
    martlet_fail(message, "too many pixels");
    longjmp(errors.escape, 1);
  }
  if (info.num_components != 1 && info.num_components != 3) {
    martlet_fail(message, "not gray or color in three components (CMYK is not supported)");
    longjmp(errors.escape, 1);
  }
  if (pixels != NULL) {
    if (picture.width != found->width || picture.height != found->height
        || picture.channels != found->channels) {
      martlet_fail(message, "another size than its header said");
      longjmp(errors.escape, 1);
    }
    info.out_color_space = picture.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    info.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
      JSAMPROW row = pixels + (size_t)info.output_scanline * picture.width * picture.channels;
      jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
  }
  jpeg_destroy_decompress(&info);
  *found = picture;
  return 0;
}
