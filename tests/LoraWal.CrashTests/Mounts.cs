namespace LoraWal.CrashTests;

/// <summary>Undoes mounts, whatever state a test has left them in.</summary>
internal static class Mounts
{
    public static bool IsMountPoint(string path) =>
        File.ReadLines("/proc/self/mounts").Any(line => line.Split(' ')[1] == path);

    /// <summary>Unmounts a path if it is mounted.</summary>
    /// <exception cref="InvalidOperationException">It stays in use. It is detached then, and goes when it is let
    /// go.</exception>
    public static void Unmount(string path)
    {
        const int AttemptsMax = 500; // some milliseconds each
        string why = "";
        for (int attempt = 0; attempt < AttemptsMax; attempt++)
        {
            if (!IsMountPoint(path))
            {
                return;
            }

            (_, why) = Shell.Try("umount", path);
        }

        Shell.Run("umount", "--lazy", path);
        throw new InvalidOperationException(why);
    }
}
