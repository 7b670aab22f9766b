#pragma once

#if __has_include(<cairo/cairo.h>)
  #include <cairo/cairo.h>
#elif __has_include(<cairo.h>)
  #include <cairo.h>
#else
  #error "install libcairo2-dev (Debian, Ubuntu), cairo-devel (Fedora) or cairo (Homebrew); make installs it too"
#endif
