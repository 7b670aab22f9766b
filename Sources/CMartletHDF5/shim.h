#pragma once

#if !__has_include(<hdf5.h>)
  #error "install libhdf5-dev (Debian, Ubuntu), hdf5-devel (Fedora) or hdf5 (Homebrew); make installs it too"
#endif
#include <hdf5.h>
#include <stdbool.h>
#include <string.h>

// The library's constants are macros around calls and global variables, which Swift does not see. A handle
// below 0 and a result below 0 are failures; the library's own printing is off.

enum { MARTLET_H5_RANK = 32 };

// What an object is.
enum martlet_h5_kind { MARTLET_H5_OTHER = 0, MARTLET_H5_GROUP = 1, MARTLET_H5_DATASET = 2 };

// Element types that are read and written.
enum martlet_h5_element {
  MARTLET_H5_UNKNOWN = 0, MARTLET_H5_FLOAT32 = 1, MARTLET_H5_FLOAT64 = 2, MARTLET_H5_INT32 = 3,
  MARTLET_H5_INT64 = 4, MARTLET_H5_UINT8 = 5
};

static inline hid_t martlet_h5_memory_access(const void *bytes, size_t count) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (access < 0) return access;
  if (H5Pset_fapl_core(access, 1 << 16, false) < 0 ||
      (bytes && H5Pset_file_image(access, (void *)bytes, count) < 0)) {
    H5Pclose(access);
    return -1;
  }
  return access;
}

// Opens a copy of a file in memory for reading.
static inline hid_t martlet_h5_open(const void *bytes, size_t count) {
  hid_t access = martlet_h5_memory_access(bytes, count);
  if (access < 0) return access;
  hid_t file = H5Fopen("memory", H5F_ACC_RDONLY, access);
  H5Pclose(access);
  return file;
}

// Creates a file in memory.
static inline hid_t martlet_h5_create(void) {
  hid_t access = martlet_h5_memory_access(NULL, 0);
  if (access < 0) return access;
  hid_t file = H5Fcreate("memory", H5F_ACC_TRUNC, H5P_DEFAULT, access);
  H5Pclose(access);
  return file;
}

// The bytes of a file in memory: their number where there is no buffer.
static inline ssize_t martlet_h5_image(hid_t file, void *buffer, size_t count) {
  if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0) return -1;
  return H5Fget_file_image(file, buffer, count);
}

static inline hid_t martlet_h5_root(hid_t file) { return H5Gopen2(file, "/", H5P_DEFAULT); }

static inline long long martlet_h5_link_count(hid_t group) {
  H5G_info_t info;
  return H5Gget_info(group, &info) < 0 ? -1 : (long long)info.nlinks;
}

// The length of a link's name, which is written where it fits.
static inline ssize_t martlet_h5_link_name(hid_t group, unsigned long long index, char *name, size_t size) {
  return H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, name, size, H5P_DEFAULT);
}

// Whether a link leads to an object of the same file.
static inline bool martlet_h5_link_is_hard(hid_t group, unsigned long long index) {
  H5L_info_t info;
  return H5Lget_info_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, &info, H5P_DEFAULT) >= 0 &&
         info.type == H5L_TYPE_HARD;
}

static inline hid_t martlet_h5_child(hid_t group, unsigned long long index) {
  return H5Oopen_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, H5P_DEFAULT);
}

static inline int martlet_h5_kind_of(hid_t object) {
  H5I_type_t type = H5Iget_type(object);
  return type == H5I_GROUP ? MARTLET_H5_GROUP : type == H5I_DATASET ? MARTLET_H5_DATASET : MARTLET_H5_OTHER;
}

static inline int martlet_h5_element_of(hid_t type) {
  size_t size = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_FLOAT: return size == 4 ? MARTLET_H5_FLOAT32 : size == 8 ? MARTLET_H5_FLOAT64 : MARTLET_H5_UNKNOWN;
    case H5T_INTEGER:
      if (H5Tget_sign(type) == H5T_SGN_NONE) return size == 1 ? MARTLET_H5_UINT8 : MARTLET_H5_UNKNOWN;
      return size == 4 ? MARTLET_H5_INT32 : size == 8 ? MARTLET_H5_INT64 : MARTLET_H5_UNKNOWN;
    default: return MARTLET_H5_UNKNOWN;
  }
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

// The element type and extents of a dataset; the rank, or -1 where they cannot be read.
static inline int martlet_h5_describe(hid_t dataset, int *element, unsigned long long *extents) {
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  int rank = -1;
  if (type >= 0 && space >= 0) {
    *element = martlet_h5_element_of(type);
    H5S_class_t form = H5Sget_simple_extent_type(space);
    hsize_t sizes[MARTLET_H5_RANK];
    rank = form == H5S_SCALAR ? 0 : form == H5S_SIMPLE ? H5Sget_simple_extent_ndims(space) : -1;
    if (rank > 0 && H5Sget_simple_extent_dims(space, sizes, NULL) < 0) rank = -1;
    for (int axis = 0; axis < rank; axis++) extents[axis] = sizes[axis];
  }
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  return rank;
}

// Whether the elements lie in the file itself as they are: no filters, no other files.
static inline bool martlet_h5_is_plain(hid_t dataset) {
  hid_t creation = H5Dget_create_plist(dataset);
  if (creation < 0) return false;
  H5D_layout_t layout = H5Pget_layout(creation);
  bool plain = (layout == H5D_CONTIGUOUS || layout == H5D_COMPACT) && H5Pget_nfilters(creation) == 0 &&
               H5Pget_external_count(creation) == 0;
  H5Pclose(creation);
  return plain;
}

static inline unsigned long long martlet_h5_stored_bytes(hid_t dataset) { return H5Dget_storage_size(dataset); }

static inline int martlet_h5_read(hid_t dataset, int element, void *buffer) {
  return H5Dread(dataset, martlet_h5_memory_type(element), H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer);
}

// The text of an attribute, cut to `size` bytes with their zero; -1 where there is none.
static inline int martlet_h5_text(hid_t object, const char *name, char *buffer, size_t size) {
  if (H5Aexists(object, name) <= 0) return -1;
  hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  if (attribute < 0) return -1;
  hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  int result = -1;
  if (type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) > 0 &&
      H5Sget_simple_extent_npoints(space) == 1) {
    char *text = NULL;
    hid_t memory = H5Tcopy(H5T_C_S1);
    H5Tset_size(memory, H5T_VARIABLE);
    H5Tset_cset(memory, H5Tget_cset(type));
    if (H5Aread(attribute, memory, &text) >= 0 && text) {
      size_t length = strnlen(text, size - 1);
      memcpy(buffer, text, length);
      buffer[length] = 0;
      result = (int)length;
      H5free_memory(text);
    }
    H5Tclose(memory);
  }
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  H5Aclose(attribute);
  return result;
}

// Creates a group with the groups above it; its name as an attribute where one is given.
static inline int martlet_h5_make_group(hid_t file, const char *path, const char *name) {
  hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  hid_t group = H5Gcreate2(file, path, links, H5P_DEFAULT, H5P_DEFAULT);
  H5Pclose(links);
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

static inline void martlet_h5_close_object(hid_t object) { H5Oclose(object); }
static inline void martlet_h5_close_file(hid_t file) { H5Fclose(file); }
