"""PyTorch: modes eager, channels_last, fused (Adam), compile and inference, joined by +."""

import itertools

import torch
from torch import nn
from torch.nn import functional

import peer
from networks_torch import NETWORKS

MODES = {"eager", "channels_last", "fused", "compile", "inference"}


def densities(model, images, labels):
    """The share of non-zero elements in the gradient of each convolution's result."""
    results = {}

    def keep(name):
        def hook(_, __, output):
            output.retain_grad()
            results[name] = output
        return hook

    handles = [
        module.register_forward_hook(keep(name))
        for name, module in model.named_modules() if isinstance(module, nn.Conv2d)
    ]
    functional.cross_entropy(model(images), labels).backward()
    for handle in handles:
        handle.remove()
    model.zero_grad()
    return {name: (value.grad != 0).float().mean().item() for name, value in results.items()}


def main():
    arguments = peer.arguments()
    system = arguments.system
    modes = set(arguments.mode.split("+"))
    if not modes <= MODES:
        raise SystemExit(f"peer_torch: unknown mode {arguments.mode}; there are {', '.join(sorted(MODES))}")
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)

    layout = torch.channels_last if "channels_last" in modes else torch.contiguous_format
    images, labels = peer.batches(system, arguments.data)
    images = torch.from_numpy(images).permute(0, 3, 1, 2).split(system.batch)
    images = [batch.contiguous(memory_format=layout) for batch in images]
    labels = torch.from_numpy(labels).split(system.batch)
    model = NETWORKS[system.model](system.shape, system.classes).to(memory_format=layout)
    if "inference" in modes:
        model = nn.Sequential(model, nn.Softmax(1)).eval()
    forward = torch.compile(model) if "compile" in modes else model
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused="fused" in modes or None)
    rotation = itertools.cycle(zip(images, labels))

    def step():
        x, y = next(rotation)
        optimizer.zero_grad()
        loss = functional.cross_entropy(forward(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    @torch.inference_mode()
    def predict():
        return forward(next(rotation)[0])

    is_training = "inference" not in modes
    peer.serve(
        {"torch": torch.__version__},
        run=lambda count: peer.timed(step if is_training else predict, count),
        density=(lambda: densities(model, *next(rotation))) if is_training else None,
    )


main()
