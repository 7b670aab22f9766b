#pragma once

#if !__has_include(<hdf5.h>)
  #error "install libhdf5-dev (Debian, Ubuntu), hdf5-devel (Fedora) or hdf5 (Homebrew); make installs it too"
#endif
#include <hdf5.h>
#include <stdbool.h>
#include <string.h>

// The library only writes: files are read by code of ours, because damaged ones can crash it. Its constants are
// macros around calls and global variables, which Swift does not see. A handle below 0 and a result below 0 are
// failures; the library's own printing is off.

enum { MARTLET_H5_RANK = 32 };

// Element types that are written.
enum martlet_h5_element {
  MARTLET_H5_FLOAT32 = 1, MARTLET_H5_FLOAT64 = 2, MARTLET_H5_INT32 = 3,
  MARTLET_H5_INT64 = 4, MARTLET_H5_UINT8 = 5
};

// Creates a file in memory.
static inline hid_t martlet_h5_create(void) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (access < 0) return access;
  hid_t file = -1;
  if (H5Pset_fapl_core(access, 1 << 16, false) >= 0)
    file = H5Fcreate("memory", H5F_ACC_TRUNC, H5P_DEFAULT, access);
  H5Pclose(access);
  return file;
}

// The bytes of a file in memory: their number where there is no buffer.
static inline ssize_t martlet_h5_image(hid_t file, void *buffer, size_t count) {
  if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0) return -1;
  return H5Fget_file_image(file, buffer, count);
}

static inline hid_t martlet_h5_memory_type(int element) {
  switch (element) {
    case MARTLET_H5_FLOAT32: return H5T_IEEE_F32LE;
    case MARTLET_H5_FLOAT64: return H5T_IEEE_F64LE;
    case MARTLET_H5_INT32: return H5T_STD_I32LE;
    case MARTLET_H5_INT64: return H5T_STD_I64LE;
    default: return H5T_STD_U8LE;
  }
}

// Creates a group with the groups above it, where it is not there as one of these already; its name as an
// attribute where one is given.
static inline int martlet_h5_make_group(hid_t file, const char *path, const char *name) {
  hid_t group;
  if (H5Lexists(file, path, H5P_DEFAULT) > 0) {
    group = H5Gopen2(file, path, H5P_DEFAULT);
  } else {
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    group = H5Gcreate2(file, path, links, H5P_DEFAULT, H5P_DEFAULT);
    H5Pclose(links);
  }
  if (group < 0) return -1;
  int result = 0;
  if (name) {
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    hid_t attribute = H5Acreate2(group, "name", type, space, H5P_DEFAULT, H5P_DEFAULT);
    result = attribute < 0 ? -1 : H5Awrite(attribute, type, &name);
    if (attribute >= 0) H5Aclose(attribute);
    H5Tclose(type);
    H5Sclose(space);
  }
  H5Gclose(group);
  return result;
}

// Writes a dataset into a group that is there; without times, so that equal data gives equal bytes.
static inline int martlet_h5_write(
    hid_t file, const char *path, int element, int rank, const unsigned long long *extents, const void *bytes) {
  if (rank > MARTLET_H5_RANK) return -1;
  hsize_t sizes[MARTLET_H5_RANK];
  for (int axis = 0; axis < rank; axis++) sizes[axis] = extents[axis];
  hid_t space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, sizes, NULL);
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_obj_track_times(creation, false);
  hid_t type = martlet_h5_memory_type(element);
  hid_t dataset = H5Dcreate2(file, path, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  int result = dataset < 0 ? -1 : H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes);
  if (dataset >= 0) H5Dclose(dataset);
  H5Pclose(creation);
  H5Sclose(space);
  return result;
}

static inline void martlet_h5_close_file(hid_t file) { H5Fclose(file); }
