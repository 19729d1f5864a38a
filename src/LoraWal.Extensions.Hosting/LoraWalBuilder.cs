using Microsoft.Extensions.DependencyInjection;

namespace LoraWal.Extensions.Hosting;

internal sealed class LoraWalBuilder(string name, IServiceCollection services) : ILoraWalBuilder
{
    public string Name => name;

    public IServiceCollection Services => services;
}
