/* A disk that refuses every change, or answers late: laid over the C library of one process (LD_PRELOAD).
 *
 * Writes and syncs of files are met, not of pipes, sockets and what the process prints; whatever is opened to be written,
 * also a device. fopen, writev and copies inside the kernel are not: nothing here uses them in a run.
 * `mean_disk(MODE)` sets what the disk does from now on.
 * gcc -shared -fPIC -o mean_disk.so mean_disk.c
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GOOD, READ_ONLY, SLOW };
enum { WRITE_US = 100000, SYNC_US = 2000000 }; /* a bad memory card while it tidies up; by judgement */

static volatile int mode = GOOD;

void mean_disk(int new_mode) { mode = new_mode; }

static int is_file(int fd) {
  struct stat about;
  return fd > STDERR_FILENO && fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

static int refused(void) {
  if (mode != READ_ONLY) return 0;
  errno = EROFS;
  return 1;
}

static int refused_in(int fd, unsigned int late_us) {
  if (mode == GOOD || !is_file(fd)) return 0;
  if (mode == SLOW) usleep(late_us);
  return refused();
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WITH_PERMISSIONS(flags) \
  mode_t permissions = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { \
    va_list more; \
    va_start(more, flags); \
    permissions = va_arg(more, mode_t); \
    va_end(more); \
  }
#define CHANGES(flags) ((flags) & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR))

int open(const char *path, int flags, ...) {
  WITH_PERMISSIONS(flags)
  if (CHANGES(flags) && refused()) return -1;
  return NEXT(open)(path, flags, permissions);
}
int open64(const char *path, int flags, ...) {
  WITH_PERMISSIONS(flags)
  if (CHANGES(flags) && refused()) return -1;
  return NEXT(open64)(path, flags, permissions);
}
int openat(int folder, const char *path, int flags, ...) {
  WITH_PERMISSIONS(flags)
  if (CHANGES(flags) && refused()) return -1;
  return NEXT(openat)(folder, path, flags, permissions);
}
int openat64(int folder, const char *path, int flags, ...) {
  WITH_PERMISSIONS(flags)
  if (CHANGES(flags) && refused()) return -1;
  return NEXT(openat64)(folder, path, flags, permissions);
}

#define ON_FILE(type, name, parameters, arguments, late_us) \
  type name parameters { return refused_in(fd, late_us) ? -1 : NEXT(name) arguments; }

ON_FILE(ssize_t, write, (int fd, const void *bytes, size_t n), (fd, bytes, n), WRITE_US)
ON_FILE(ssize_t, pwrite, (int fd, const void *bytes, size_t n, off_t at), (fd, bytes, n, at), WRITE_US)
ON_FILE(ssize_t, pwrite64, (int fd, const void *bytes, size_t n, off64_t at), (fd, bytes, n, at), WRITE_US)
ON_FILE(int, ftruncate, (int fd, off_t n), (fd, n), WRITE_US)
ON_FILE(int, ftruncate64, (int fd, off64_t n), (fd, n), WRITE_US)
ON_FILE(int, fsync, (int fd), (fd), SYNC_US)
ON_FILE(int, fdatasync, (int fd), (fd), SYNC_US)

#define ON_PATH(name, parameters, arguments) \
  int name parameters { return refused() ? -1 : NEXT(name) arguments; }

ON_PATH(truncate, (const char *path, off_t n), (path, n))
ON_PATH(truncate64, (const char *path, off64_t n), (path, n))
ON_PATH(rename, (const char *from, const char *to), (from, to))
ON_PATH(renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
ON_PATH(link, (const char *from, const char *to), (from, to))
ON_PATH(unlink, (const char *path), (path))
ON_PATH(unlinkat, (int folder, const char *path, int flags), (folder, path, flags))
ON_PATH(mkdir, (const char *path, mode_t permissions), (path, permissions))
ON_PATH(mkdirat, (int folder, const char *path, mode_t permissions), (folder, path, permissions))
ON_PATH(rmdir, (const char *path), (path))
