namespace LoraWal.Storage;

/// <summary>What kind of failure the operating system reported, as far as the log's decisions differ.</summary>
internal enum StorageError
{
    /// <summary>Anything not below.</summary>
    Other,

    /// <summary>ENOSPC or EDQUOT.</summary>
    NoSpace,

    /// <summary>EMFILE, ENFILE or ENOMEM: nothing was done, and the same call may succeed later.</summary>
    NoResources,

    /// <summary>ENOENT.</summary>
    NotFound,

    /// <summary>EEXIST.</summary>
    Exists,

    /// <summary>A write call returned 0: it would never end.</summary>
    NoProgress,
}

/// <summary>The operating system refused a call. Names the call, the path and the error.</summary>
internal sealed class StorageException : IOException
{
    public StorageException(string call, string path, StorageError error, string detail, int errno = 0)
        : base($"{call} of '{path}' failed: {detail}", errno)
    {
        Call = call;
        Path = path;
        Error = error;
        Errno = errno;
    }

    public string Call { get; }

    public string Path { get; }

    public StorageError Error { get; }

    public int Errno { get; }

    /// <summary>Whether nothing is broken: the same call may succeed once space or descriptors are back.</summary>
    public bool IsShortage => Error is StorageError.NoSpace or StorageError.NoResources;
}
