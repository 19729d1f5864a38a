using System.Diagnostics;
using LoraWal.Interleavings.StandIns;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Collections.Generic;

namespace LoraWal.Interleavings.Controlled;

/// <summary>Mistakes that only some interleavings show, put into a copy of the log.</summary>
internal static class PlantedBug
{
    /// <summary>A waiter's completion and its cancellation look first, and act after.</summary>
    public static void A_waiter_is_ended_by_check_then_act(ModuleDefinition log)
    {
        Instruction atomic = Call(log, "Waiter", "TryEnd", nameof(Interlocked.CompareExchange));
        atomic.Operand = log.ImportReference(typeof(Planted).GetMethod(nameof(Planted.CheckThenAct)));
    }

    /// <summary>A sync publishes what has been written by its end.</summary>
    public static void A_sync_publishes_what_is_written_by_its_end(ModuleDefinition log)
    {
        MethodDefinition publish = Method(log, "SyncGate", "PublishUnderLock");
        Instruction position = Call(log, "SyncGate", "PublishUnderLock", "get_Position");
        FieldReference core = (FieldReference)publish.Body.Instructions
            .First(step => step.Operand is FieldReference { FieldType.Name: "LogCore" }).Operand;
        ILProcessor body = publish.Body.GetILProcessor();
        // target.Position becomes core.State.Written.
        body.InsertBefore(position.Previous, body.Create(OpCodes.Ldarg_0));
        body.InsertBefore(position.Previous, body.Create(OpCodes.Ldfld, core));
        body.InsertBefore(position.Previous, body.Create(OpCodes.Call, Method(log, "LogCore", "get_State")));
        body.Remove(position.Previous);
        body.Replace(position, body.Create(OpCodes.Call, Method(log, "CommitState", "get_Written")));
    }

    /// <summary>The gate lets everyone in.</summary>
    public static void Two_syncs_are_in_flight(ModuleDefinition log)
    {
        Answer(log, "CommitState", "CanSyncUnderLock", true);
        Drop(log, "CommitState", "TakeGateUnderLock", nameof(Debug.Assert));
    }

    /// <summary>A cancelled append keeps its place among those that wait for room.</summary>
    public static void A_cancelled_append_still_waits_for_room(ModuleDefinition log) =>
        Answer(log, "CommitState", "LeaveRoomUnderLock", false);

    /// <summary>Whoever waits for the write role is not told that it is free.</summary>
    public static void The_write_role_is_given_up_in_silence(ModuleDefinition log) =>
        Drop(log, "WriteRole", "EndUnderLock", "Set");

    /// <summary>Readers look up to what is written, where they should stop at what is durable.</summary>
    public static void Readers_see_what_is_written(ModuleDefinition log)
    {
        Collection<Instruction> body = Method(log, "LogReader", "EdgeOf").Body.Instructions;
        object written = body.First(step => step.Operand is FieldReference { Name: "Item1" }).Operand;
        body.Single(step => step.Operand is FieldReference { Name: "Item2" }).Operand = written;
    }

    private static void Answer(ModuleDefinition log, string type, string method, bool answer)
    {
        MethodDefinition asked = Method(log, type, method);
        asked.Body.Instructions.Clear();
        ILProcessor body = asked.Body.GetILProcessor();
        body.Emit(answer ? OpCodes.Ldc_I4_1 : OpCodes.Ldc_I4_0);
        body.Emit(OpCodes.Ret);
    }

    private static MethodDefinition Method(ModuleDefinition log, string type, string method) =>
        log.GetTypes().Single(found => found.Name == type).Methods.Single(found => found.Name == method);

    private static Instruction Call(ModuleDefinition log, string type, string method, string called) =>
        Method(log, type, method).Body.Instructions
            .Single(step => step.Operand is MethodReference reference && reference.Name == called);

    // Takes the arguments off the stack instead of calling. A debug build has assertions, a release build none.
    private static void Drop(ModuleDefinition log, string type, string method, string called)
    {
        MethodDefinition caller = Method(log, type, method);
        ILProcessor body = caller.Body.GetILProcessor();
        foreach (Instruction step in caller.Body.Instructions.ToList())
        {
            if (step.Operand is MethodReference reference && reference.Name == called)
            {
                int arguments = reference.Parameters.Count + (reference.HasThis ? 1 : 0);
                for (int i = 1; i < arguments; i++)
                {
                    body.InsertBefore(step, body.Create(OpCodes.Pop));
                }

                body.Replace(step, body.Create(OpCodes.Pop));
            }
        }
    }
}
