// Each suite runs two processes at a time itself; and a process that one test starts, between its fork and its exec,
// would keep the other's mount busy.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
