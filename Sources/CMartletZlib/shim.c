#include "shim.h"

// Window of 32 KB, plus 16 for the gzip wrapper.
enum { GZIP_WINDOW_BITS = 15 + 16 };

int martlet_gzip_inflate_begin(z_stream *stream) {
  return inflateInit2(stream, GZIP_WINDOW_BITS);
}

int martlet_raw_inflate_begin(z_stream *stream) {
  return inflateInit2(stream, -15);
}

int martlet_gzip_deflate_begin(z_stream *stream, int level) {
  return deflateInit2(stream, level, Z_DEFLATED, GZIP_WINDOW_BITS, 8, Z_DEFAULT_STRATEGY);
}
