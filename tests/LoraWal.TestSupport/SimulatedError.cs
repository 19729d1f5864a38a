using LoraWal.Storage;

namespace LoraWal.TestSupport;

/// <summary>Errors of the operating system by name.</summary>
internal static class SimulatedError
{
    /// <summary>The exception that the production storage throws for this error.</summary>
    public static StorageException Create(string errno, string call, string path)
    {
        (StorageError error, int number) = errno switch
        {
            "ENOENT" => (StorageError.NotFound, 2),
            "EIO" => (StorageError.Other, 5),
            "EBADF" => (StorageError.Other, 9),
            "ENOMEM" => (StorageError.Other, 12),
            "EACCES" => (StorageError.Other, 13),
            "EEXIST" => (StorageError.Exists, 17),
            "ENODEV" => (StorageError.Other, 19),
            "EMFILE" => (StorageError.Other, 24),
            "EFBIG" => (StorageError.Other, 27),
            "ENOSPC" => (StorageError.NoSpace, 28),
            "EROFS" => (StorageError.Other, 30),
            "ENOLCK" => (StorageError.Other, 37),
            "ESTALE" => (StorageError.Other, 116),
            "EDQUOT" => (StorageError.NoSpace, 122),
            _ => throw new ArgumentOutOfRangeException(nameof(errno), errno, "Not an error the simulator knows."),
        };
        return new StorageException(call, path, error, $"{errno} (simulated)", number);
    }
}
