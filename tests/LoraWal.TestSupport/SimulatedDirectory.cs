namespace LoraWal.TestSupport;

/// <summary>The names in the log's directory: as processes see them, as the disk has them, and the changes in
/// between.</summary>
internal sealed class SimulatedDirectory
{
    private readonly List<NameChange> _pending = [];
    private SortedList<string, SimulatedInode> _current = new(StringComparer.Ordinal);
    private SortedList<string, SimulatedInode> _durable = new(StringComparer.Ordinal);
    private long _sequence;

    /// <summary>Whether processes see the directory itself.</summary>
    public bool Exists { get; private set; }

    /// <summary>Whether its own name survives a power cut.</summary>
    public bool IsDurable { get; private set; }

    public SortedList<string, SimulatedInode> Current => _current;

    public SortedList<string, SimulatedInode> Durable => _durable;

    public void Make() => Exists = true;

    public void MakeDurable() => Exists = IsDurable = true;

    public SimulatedInode Create(string name)
    {
        SimulatedInode inode = new(name);
        _current.Add(name, inode);
        _pending.Add(new NameChange(++_sequence, inode, null, name));
        return inode;
    }

    public void Rename(string from, string to)
    {
        SimulatedInode inode = _current[from];
        _current.Remove(from);
        _current.Add(to, inode);
        inode.Name = to;
        _pending.Add(new NameChange(++_sequence, inode, from, to));
    }

    /// <summary>One change of names, so a power cut leaves the old file or the new one.</summary>
    public void Replace(string from, string to)
    {
        _current.Remove(to);
        Rename(from, to);
    }

    public void Delete(string name)
    {
        SimulatedInode inode = _current[name];
        _current.Remove(name);
        _pending.Add(new NameChange(++_sequence, inode, name, null));
    }

    /// <summary>What a sync that begins now covers.</summary>
    public long BeginSync() => _sequence;

    public void CompleteSync(long covered)
    {
        int count = CountCovered(covered);
        for (int at = 0; at < count; at++)
        {
            _pending[at].Apply(_durable);
        }

        _pending.RemoveRange(0, count);
    }

    /// <summary>The sync has failed: the first few changes are on disk, the others stay pending.</summary>
    // WHY NOT marked clean, as the data of a file: names are metadata, which a journal keeps until it is written, or
    // stops the file system for good. A log could do nothing against names that are visible, synced and yet lost.
    public void FailSync(long covered, Random random)
    {
        int count = random.Next(CountCovered(covered) + 1);
        CompleteSync(count == 0 ? 0 : _pending[count - 1].Sequence);
    }

    /// <summary>All names are durable as they stand, the directory's own included.</summary>
    public void Settle()
    {
        CompleteSync(_sequence);
        MakeDurable();
    }

    public void PowerCut(Random random, CrashStyle style, DirectoryCrash crash)
    {
        if (!IsDurable && !Survives(random, style))
        {
            _durable.Clear();
            Exists = false;
        }
        else
        {
            IsDurable = Exists;
            ApplySurvivors(random, style, crash);
        }

        _pending.Clear();
        _current = new SortedList<string, SimulatedInode>(_durable, StringComparer.Ordinal);
        foreach ((string name, SimulatedInode inode) in _current)
        {
            inode.Name = name;
            inode.PowerCut(random, style);
        }
    }

    public SimulatedDirectory Clone()
    {
        Dictionary<SimulatedInode, SimulatedInode> copies = [];
        SimulatedDirectory clone = new() { Exists = Exists, IsDurable = IsDurable, _sequence = _sequence };
        clone._current = CopyNames(_current);
        clone._durable = CopyNames(_durable);
        foreach (NameChange change in _pending)
        {
            clone._pending.Add(change with { Inode = Copy(change.Inode) });
        }

        return clone;

        SortedList<string, SimulatedInode> CopyNames(SortedList<string, SimulatedInode> names)
        {
            SortedList<string, SimulatedInode> copy = new(names.Count, StringComparer.Ordinal);
            foreach ((string name, SimulatedInode inode) in names)
            {
                copy.Add(name, Copy(inode));
            }

            return copy;
        }

        SimulatedInode Copy(SimulatedInode inode)
        {
            if (!copies.TryGetValue(inode, out SimulatedInode? copy))
            {
                copies.Add(inode, copy = inode.Clone());
            }

            return copy;
        }
    }

    private static bool Survives(Random random, CrashStyle style) => style switch
    {
        CrashStyle.Nothing => false,
        CrashStyle.Everything => true,
        _ => random.Next(2) == 0,
    };

    private void ApplySurvivors(Random random, CrashStyle style, DirectoryCrash crash)
    {
        bool ordered = crash == DirectoryCrash.OrderedPrefix || (crash == DirectoryCrash.Any && random.Next(2) == 0);
        int prefix = style switch
        {
            CrashStyle.Nothing => 0,
            CrashStyle.Everything => _pending.Count,
            _ => ordered ? random.Next(_pending.Count + 1) : -1,
        };
        for (int at = 0; at < _pending.Count; at++)
        {
            if (prefix < 0 ? random.Next(2) == 0 : at < prefix)
            {
                _pending[at].Apply(_durable);
            }
        }
    }

    private int CountCovered(long covered)
    {
        int count = _pending.Count;
        while (count > 0 && _pending[count - 1].Sequence > covered)
        {
            count--;
        }

        return count;
    }

    /// <summary>A name given, changed or taken away.</summary>
    private readonly record struct NameChange(long Sequence, SimulatedInode Inode, string? From, string? To)
    {
        // INVARIANT: an inode never has two names, nor a name two inodes, whichever changes came before.
        public void Apply(SortedList<string, SimulatedInode> names)
        {
            if (To is null)
            {
                if (names.TryGetValue(From!, out SimulatedInode? found) && ReferenceEquals(found, Inode))
                {
                    names.Remove(From!);
                }

                return;
            }

            int old = names.IndexOfValue(Inode);
            if (old >= 0)
            {
                names.RemoveAt(old);
            }

            names[To] = Inode;
        }
    }
}
