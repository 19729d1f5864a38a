/* Stands in for the C library under the log: every write longer than 8 bytes is made, but only a part of it. */
#define _GNU_SOURCE
#include <unistd.h>
#include <sys/syscall.h>

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset)
{
    size_t part = count > 8 ? count / 3 : count;
    return syscall(SYS_pwrite64, file, bytes, part, offset);
}
