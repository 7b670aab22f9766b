"""ONNX Runtime: mode inference, on PyTorch's network exported for the row's batch."""

import contextlib
import io
import itertools
import os
import subprocess
import sys
import tempfile

import numpy as np


def export(system, path):
    """Writes the network; a process of its own does it, so that PyTorch's memory is not counted."""
    import torch
    from torch import nn

    from networks_torch import NETWORKS

    torch.manual_seed(0)
    model = nn.Sequential(NETWORKS[system.model](system.shape, system.classes), nn.Softmax(1)).eval()
    rows, columns, channels = system.shape
    images = torch.zeros(system.batch, channels, rows, columns)
    with contextlib.redirect_stdout(io.StringIO()):
        torch.onnx.export(model, (images,), path, dynamo=False, opset_version=17)


def main():
    import peer

    arguments = peer.arguments()
    system = arguments.system
    if arguments.mode.startswith("export:"):
        return export(system, arguments.mode.removeprefix("export:"))
    if arguments.mode != "inference":
        raise SystemExit(f"peer_onnx: unknown mode {arguments.mode}; there is inference")
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.onnx")
        subprocess.run(
            [sys.executable, __file__, "--system", system.id, "--batch", str(system.batch), "--mode",
             f"export:{path}"], check=True, stdout=subprocess.DEVNULL)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = arguments.threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    images, _ = peer.batches(system, arguments.data)
    images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    rotation = itertools.cycle(np.split(images, peer.BATCHES))
    peer.serve(
        {"onnxruntime": onnxruntime.__version__},
        run=lambda count: peer.timed(lambda: session.run(None, {name: next(rotation)}), count))


if __name__ == "__main__":
    main()
