#ifndef MARTLET_ZLIB_SHIM_H
#define MARTLET_ZLIB_SHIM_H

#if !__has_include(<zlib.h>)
#error "install zlib1g-dev (Debian/Ubuntu) or zlib-devel (Fedora)"
#endif
#include <zlib.h>

// The initializers of zlib are macros, which Swift does not see.

// Prepares to inflate one gzip member: header, data, CRC and length are checked, raw streams refused.
int martlet_gzip_inflate_begin(z_stream *stream);

// Prepares to inflate raw deflate data, as members of a zip archive hold it.
int martlet_raw_inflate_begin(z_stream *stream);

// Prepares to write one gzip member at a level from 0 to 9.
int martlet_gzip_deflate_begin(z_stream *stream, int level);

#endif
