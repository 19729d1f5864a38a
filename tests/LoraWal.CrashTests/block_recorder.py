# A block device for nbdkit that writes down every write and flush, in order: nbdkit python THIS disk=FILE record=FILE
#
# One entry each, little-endian: u8 kind (1 write, 2 flush), u8 forced, 6 bytes zero, u64 monotonic nanoseconds,
# u64 offset, u64 bytes; then the bytes.
import builtins
import os
import struct
import time

import nbdkit

API_VERSION = 2
settings = {}


def config(key, value):
    settings[key] = value


def get_ready():
    settings["descriptor"] = os.open(settings["disk"], os.O_RDWR)
    settings["file"] = builtins.open(settings["record"], "ab", buffering=0)


def thread_model():
    return nbdkit.THREAD_MODEL_SERIALIZE_ALL_REQUESTS


def open(readonly):
    return 1


def get_size(handle):
    return os.fstat(settings["descriptor"]).st_size


def can_flush(handle):
    return True


def can_fua(handle):
    return nbdkit.FUA_NATIVE


def pread(handle, buffer, offset, flags):
    buffer[:] = os.pread(settings["descriptor"], len(buffer), offset)


def pwrite(handle, buffer, offset, flags):
    os.pwrite(settings["descriptor"], buffer, offset)
    record(1, 1 if flags & nbdkit.FLAG_FUA else 0, offset, bytes(buffer))


def flush(handle, flags):
    record(2, 0, 0, b"")


def record(kind, forced, offset, data):
    head = struct.pack("<BB6xQQQ", kind, forced, time.monotonic_ns(), offset, len(data))
    settings["file"].write(head + data)
