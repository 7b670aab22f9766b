"""Goldens of optimizers, losses, metrics and schedules: python make_rules.py FOLDER

What PyTorch, Keras and scikit-learn compute in float64 on inputs that are stored beside the results.
Names are KIND/CASE-PEER; Tests/NetworksTests and Tests/TrainingTests say what each case is.
"""

import os
import platform
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
# Its LLVM and TensorFlow's end a process that loads both.
sys.modules["triton"] = None

import keras
import numpy as np
import sklearn
import sklearn.metrics as sk
import tensorflow as tf
import torch
from torch import nn
from torch.optim import lr_scheduler as schedulers

from common import Golden, uniform, words

keras.backend.set_floatx("float64")
torch.set_default_dtype(torch.float64)
number = np.float64

STEPS, EPOCHS, STEPS_PER_EPOCH, RATE = 10, 50, 10, 0.02


def make_optimizers(tensors):
    start = uniform("optimizer start", (6,), 1)
    gradients = uniform("optimizer gradients", (STEPS, 6), 1)
    # Elements whose gradient is 0 at first, or always.
    gradients[:3, 4] = 0
    gradients[:, 5] = 0
    tensors["optimizer/start"], tensors["optimizer/gradients"] = start, gradients
    rates = [RATE * (1 - 0.05 * step) for step in range(STEPS)]
    tensors["optimizer/rates"] = np.array(rates)

    def run_keras(name, make, **settings):
        optimizer = make(**{key: v if isinstance(v, bool) else number(v) for key, v in settings.items()})
        variable = keras.Variable(start, dtype="float64", name="kernel")
        path = []
        for rate, gradient in zip(rates, gradients):
            optimizer.learning_rate = number(rate)
            optimizer.apply([tf.constant(gradient)], [variable])
            path.append(np.array(variable.numpy()))
        tensors[f"optimizer/{name}-keras"] = np.array(path)

    def run_pytorch(name, make, **settings):
        variable = torch.tensor(start, requires_grad=True)
        optimizer = make([variable], **{"lr": RATE, **settings})
        path = []
        for rate, gradient in zip(rates, gradients):
            optimizer.param_groups[0]["lr"] = rate
            variable.grad = torch.tensor(gradient)
            optimizer.step()
            path.append(variable.detach().numpy().copy())
        tensors[f"optimizer/{name}-pytorch"] = np.array(path)

    k, t = keras.optimizers, torch.optim
    beta = {"beta_1": 0.9, "beta_2": 0.999}
    run_keras("sgd", k.SGD)
    run_keras("sgd-momentum", k.SGD, momentum=0.9)
    run_keras("sgd-nesterov", k.SGD, momentum=0.9, nesterov=True)
    run_keras("sgd-decay", k.SGD, momentum=0.8, weight_decay=0.1)
    run_pytorch("sgd", t.SGD)
    run_pytorch("sgd-momentum", t.SGD, momentum=0.9)
    run_pytorch("sgd-nesterov", t.SGD, momentum=0.9, nesterov=True)
    run_pytorch("sgd-decay", t.SGD, momentum=0.8, weight_decay=0.1)
    run_keras("adam", k.Adam, **beta)
    run_keras("adam-settings", k.Adam, beta_1=0.8, beta_2=0.95, epsilon=0.1)
    run_keras("adam-amsgrad", k.Adam, amsgrad=True, beta_1=0.9, beta_2=0.5)
    run_keras("adam-decay", k.Adam, weight_decay=0.1, **beta)
    run_pytorch("adam", t.Adam)
    run_pytorch("adam-settings", t.Adam, betas=(0.8, 0.95), eps=0.1)
    run_pytorch("adam-amsgrad", t.Adam, amsgrad=True, betas=(0.9, 0.5))
    run_pytorch("adam-decay", t.Adam, weight_decay=0.1)
    # Its default, written out because a plain number would be rounded to float32.
    assert k.AdamW().weight_decay == 0.004
    run_keras("adamw", k.AdamW, weight_decay=0.004, **beta)
    run_keras("adamw-settings", k.AdamW, weight_decay=0.3, amsgrad=True, beta_1=0.9, beta_2=0.5)
    run_pytorch("adamw", t.AdamW)
    run_pytorch("adamw-settings", t.AdamW, weight_decay=0.3, amsgrad=True, betas=(0.9, 0.5))
    run_keras("rmsprop", k.RMSprop)
    run_keras("rmsprop-momentum", k.RMSprop, rho=0.8, momentum=0.9, epsilon=0.01)
    run_keras("rmsprop-centered", k.RMSprop, centered=True, momentum=0.5, weight_decay=0.1)
    run_pytorch("rmsprop", t.RMSprop)
    run_pytorch("rmsprop-momentum", t.RMSprop, alpha=0.8, momentum=0.9, eps=0.01)
    run_pytorch("rmsprop-centered", t.RMSprop, centered=True, momentum=0.5, weight_decay=0.1)
    run_keras("adagrad", k.Adagrad)
    run_keras("adagrad-settings", k.Adagrad, initial_accumulator_value=0.5, epsilon=0.01, weight_decay=0.1)
    run_pytorch("adagrad", t.Adagrad)
    run_pytorch("adagrad-settings", t.Adagrad, initial_accumulator_value=0.5, eps=0.01, weight_decay=0.1)
    run_keras("lion", k.Lion, beta_1=0.9, beta_2=0.99)
    run_keras("lion-decay", k.Lion, beta_1=0.8, beta_2=0.9, weight_decay=0.1)

    for name in ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Lion"]:
        tensors[f"rate/{name.lower()}-keras"] = np.array([float(getattr(k, name)().learning_rate.numpy())])
    for name in ["Adam", "AdamW", "RMSprop", "Adagrad"]:
        rate = getattr(t, name)([torch.zeros(1)]).defaults["lr"]
        tensors[f"rate/{name.lower()}-pytorch"] = np.array([rate])


def make_clipping(tensors):
    """The gradients [4, 3] of a kernel and, their sums, [3] of its bias, as Keras clips them."""
    slopes = uniform("clip kernel", (4, 3), 2)
    tensors["input/slopes"] = slopes
    gradients = [slopes, slopes.sum(axis=0)]
    # Limits that no rounding to float32 changes; the last are above every norm and element.
    for name, setting, limit in [
        ("norm", "global_clipnorm", 0.5), ("each", "clipnorm", 0.5), ("value", "clipvalue", 0.75),
        ("norm-loose", "global_clipnorm", 64), ("each-loose", "clipnorm", 64),
        ("value-loose", "clipvalue", 64),
    ]:
        variables = [keras.Variable(np.zeros(value.shape), dtype="float64") for value in gradients]
        # From zeros, a step of the rate 1 leads to the negated gradient.
        optimizer = keras.optimizers.SGD(number(1), **{setting: limit})
        optimizer.apply([tf.constant(value) for value in gradients], variables)
        clipped = [-np.array(variable.numpy()) for variable in variables]
        tensors[f"clip/{name}"] = np.concatenate([value.reshape(-1) for value in clipped])
        if setting == "clipnorm":
            continue
        peers = [torch.zeros(value.shape, requires_grad=True) for value in gradients]
        for peer, value in zip(peers, gradients):
            peer.grad = torch.tensor(value)
        if setting == "clipvalue":
            nn.utils.clip_grad_value_(peers, limit)
        else:
            nn.utils.clip_grad_norm_(peers, limit)
        for peer, value in zip(peers, clipped):
            # PyTorch divides by the norm and 1e-6.
            assert np.abs(peer.grad.numpy() - value).max() < (1e-6 if setting == "global_clipnorm" else 1e-15)


def make_losses(tensors):
    logits = uniform("logits", (6, 4), 3)
    labels = np.array([0, 3, 1, 1, 2, 0])
    rows = np.eye(4)[labels]
    soft = np.abs(uniform("soft rows", (6, 4), 1)) + 0.05
    soft /= soft.sum(axis=1, keepdims=True)
    positive = np.abs(uniform("positive outputs", (6, 4), 0.45)) + 0.02
    several = (uniform("several targets", (6, 4), 1) > 0).astype(number)
    binary = (labels > 0).astype(number)
    class_weights = np.array([0.5, 2.0, 0.0, 1.25])
    sample_weights = np.array([1.0, 0.25, 0.0, 2.0, 1.5, 0.75])
    inputs = dict(
        logits=logits, labels=labels, soft=soft, positive=positive, several=several, binary=binary,
        classWeights=class_weights, sampleWeights=sample_weights)
    for name, value in inputs.items():
        tensors[f"input/{name}"] = np.asarray(value, dtype=number)

    def keras_case(name, function, outputs, targets):
        outputs = tf.Variable(outputs)
        with tf.GradientTape() as tape:
            values = function(tf.constant(targets), outputs)
            mean = tf.reduce_mean(values)
        store(name + "-keras", values.numpy(), tape.gradient(mean, outputs).numpy())

    def pytorch_case(name, function, outputs, targets):
        outputs = torch.tensor(outputs, requires_grad=True)
        values = function(outputs, torch.tensor(targets))
        values = values.reshape(len(values), -1).mean(dim=1)
        values.mean().backward()
        store(name + "-pytorch", values.detach().numpy(), outputs.grad.numpy())

    def store(name, values, gradient):
        assert values.dtype == number and gradient.dtype == number
        tensors[f"loss/{name}"], tensors[f"slope/{name}"] = values, gradient

    k, f = keras.losses, nn.functional
    keras_case("sparse", lambda y, x: k.sparse_categorical_crossentropy(y, x, from_logits=True), logits, labels)
    keras_case("sparse-probabilities", k.sparse_categorical_crossentropy, positive, labels)
    pytorch_case("sparse", lambda x, y: f.cross_entropy(x, y, reduction="none"), logits, labels)
    pytorch_case(
        "sparse-smoothed", lambda x, y: f.cross_entropy(x, y, reduction="none", label_smoothing=0.15), logits,
        labels)
    keras_case("rows", lambda y, x: k.categorical_crossentropy(y, x, from_logits=True), logits, soft)
    keras_case(
        "rows-smoothed", lambda y, x: k.categorical_crossentropy(y, x, from_logits=True, label_smoothing=0.15),
        logits, soft)
    keras_case(
        "rows-probabilities", lambda y, x: k.categorical_crossentropy(y, x, label_smoothing=0.15), positive,
        soft)
    pytorch_case(
        "rows-smoothed", lambda x, y: f.cross_entropy(x, y, reduction="none", label_smoothing=0.15), logits, soft)
    keras_case("focal", k.categorical_focal_crossentropy, positive, soft)
    keras_case(
        "focal-logits",
        lambda y, x: k.categorical_focal_crossentropy(
            y, x, alpha=0.6, gamma=1.5, from_logits=True, label_smoothing=0.15), logits, soft)
    keras_case(
        "binary", lambda y, x: k.binary_crossentropy(y, x, from_logits=True), logits[:, :1], binary[:, None])
    keras_case(
        "binary-smoothed", lambda y, x: k.binary_crossentropy(y, x, from_logits=True, label_smoothing=0.15),
        logits, several)
    keras_case("binary-probabilities", k.binary_crossentropy, positive, several)
    pytorch_case(
        "binary", lambda x, y: f.binary_cross_entropy_with_logits(x, y, reduction="none"), logits[:, :1],
        binary[:, None])
    keras_case("squared", k.mean_squared_error, logits, soft)
    keras_case("absolute", k.mean_absolute_error, logits, soft)
    keras_case("huber", lambda y, x: k.huber(y, x, delta=number(0.8)), logits, soft)
    pytorch_case("squared", lambda x, y: f.mse_loss(x, y, reduction="none"), logits, soft)
    pytorch_case("absolute", lambda x, y: f.l1_loss(x, y, reduction="none"), logits, soft)
    pytorch_case("huber", lambda x, y: f.huber_loss(x, y, reduction="none", delta=0.8), logits, soft)
    keras_case("hinge", k.hinge, logits, several)
    keras_case("categorical-hinge", k.categorical_hinge, logits, rows)

    x, y = torch.tensor(logits), torch.tensor(labels)
    w = torch.tensor(class_weights)
    values = f.cross_entropy(x, y, reduction="none").numpy()
    both = class_weights[labels] * sample_weights
    keras_mean = k.SparseCategoricalCrossentropy(from_logits=True)
    means = {
        "plain": keras_mean(labels, logits),
        "class-count": keras_mean(labels, logits, sample_weight=class_weights[labels]),
        "class-sum": f.cross_entropy(x, y, weight=w),
        "sample-count": keras_mean(labels, logits, sample_weight=sample_weights),
        "sample-sum": (values * sample_weights).sum() / sample_weights.sum(),
        "both-count": keras_mean(labels, logits, sample_weight=both),
        "both-sum": (values * both).sum() / both.sum(),
    }
    for name, value in means.items():
        tensors[f"mean/{name}"] = np.array([float(value)])


def make_metrics(tensors):
    # Halves, so that outputs are equal often.
    scores = np.round(uniform("metric scores", (12, 5), 2) * 2) / 2
    labels = ((words("metric labels", 12) >> np.uint64(32)) % np.uint64(5)).astype(np.int64)
    targets = (uniform("metric targets", (12, 5), 1) > 0).astype(number)
    tensors["input/scores"], tensors["input/targets"] = scores, targets
    tensors["input/classes"] = labels.astype(number)
    k = keras.metrics
    rows = np.eye(5)[labels]
    # Keras computes this one in float32, in which the scores are exact.
    single = scores.astype(np.float32)
    values = {
        "accuracy": k.sparse_categorical_accuracy(labels, scores),
        "accuracy-rows": k.categorical_accuracy(rows, scores),
        "top1": k.sparse_top_k_categorical_accuracy(labels, single, k=1),
        "top2": k.sparse_top_k_categorical_accuracy(labels, single, k=2),
        "top3": k.top_k_categorical_accuracy(rows, single, k=3),
        "binary": np.mean(k.binary_accuracy(targets, scores, threshold=0.5), axis=1),
        "squared": k.mean_squared_error(targets, scores),
        "absolute": k.mean_absolute_error(targets, scores),
    }
    for name, value in values.items():
        tensors[f"metric/{name}"] = np.asarray(value, dtype=number)


def make_schedules(tensors):
    def run_pytorch(name, make, count=EPOCHS, advance=None):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
        schedule = make(optimizer)
        rates = []
        for index in range(count):
            if advance:
                schedule.step(advance(index))
            rates.append(optimizer.param_groups[0]["lr"])
            if not advance:
                optimizer.step()
                schedule.step()
        tensors[f"schedule/{name}-pytorch"] = np.array(rates, dtype=number)

    def run_keras(name, schedule, count=EPOCHS):
        rates = [np.asarray(schedule(number(index))) for index in range(count)]
        assert rates[0].dtype == number
        tensors[f"schedule/{name}-keras"] = np.array(rates)

    steps = 10 * STEPS_PER_EPOCH
    k = keras.optimizers.schedules
    rate = number(RATE)
    run_pytorch("constant", lambda o: schedulers.LambdaLR(o, lambda epoch: 1))
    run_pytorch("step-at", lambda o: schedulers.MultiStepLR(o, [15, 30, 45], 0.1))
    run_pytorch("step-every", lambda o: schedulers.StepLR(o, 7, 0.5))
    run_pytorch("exponential", lambda o: schedulers.ExponentialLR(o, 0.93))
    run_keras("exponential-steps", k.ExponentialDecay(rate, 5 * STEPS_PER_EPOCH, number(0.5)), steps)
    run_keras("inverse-time", k.InverseTimeDecay(rate, 5, number(0.5)))
    run_keras("cosine", k.CosineDecay(rate, 40, alpha=number(0.1)))
    run_pytorch("cosine", lambda o: schedulers.CosineAnnealingLR(o, 50, eta_min=0.001))
    run_keras("cosine-steps", k.CosineDecay(rate, 8 * STEPS_PER_EPOCH), steps)
    run_pytorch(
        "restarts", lambda o: schedulers.CosineAnnealingWarmRestarts(o, 5, T_mult=2, eta_min=0.001))
    run_pytorch(
        "restarts-steps", lambda o: schedulers.CosineAnnealingWarmRestarts(o, 3), steps,
        lambda index: index / STEPS_PER_EPOCH)
    run_pytorch("linear-decay", lambda o: schedulers.PolynomialLR(o, total_iters=40, power=1))
    run_pytorch(
        "linear", lambda o: schedulers.LinearLR(o, start_factor=0.2, end_factor=0.9, total_iters=30))
    run_keras("polynomial", k.PolynomialDecay(rate, 40, number(0.0001), number(2)))
    run_pytorch("polynomial", lambda o: schedulers.PolynomialLR(o, total_iters=40, power=0.5))
    for annealing in ["cos", "linear"]:
        run_pytorch(
            f"one-cycle-{annealing}",
            lambda o: schedulers.OneCycleLR(
                o, 0.1, epochs=10, steps_per_epoch=STEPS_PER_EPOCH, anneal_strategy=annealing,
                cycle_momentum=False), steps)
    run_pytorch(
        "one-cycle-settings",
        lambda o: schedulers.OneCycleLR(
            o, 0.3, total_steps=steps, pct_start=0.15, div_factor=10.0, final_div_factor=100.0,
            cycle_momentum=False), steps)
    run_pytorch(
        "warm-up",
        lambda o: schedulers.SequentialLR(
            o, [schedulers.LinearLR(o, total_iters=5), schedulers.CosineAnnealingLR(o, 45)], [5]))
    run_keras(
        "warm-up-steps",
        k.CosineDecay(
            number(RATE / 4), 8 * STEPS_PER_EPOCH, alpha=number(0.05), warmup_target=rate,
            warmup_steps=2 * STEPS_PER_EPOCH), steps)
    run_pytorch("custom", lambda o: schedulers.LambdaLR(o, lambda epoch: 1 / (1 + epoch) ** 0.5))
    run_pytorch("custom-current", lambda o: schedulers.MultiplicativeLR(o, lambda epoch: 0.9 + epoch / 1000))
    run_pytorch("custom-steps", lambda o: schedulers.LambdaLR(o, lambda step: 1 / (1 + 0.01 * step)), steps)


def make_evaluation(tensors, metadata):
    count, classes = 40, 5
    pick = lambda name, bound: ((words(name, count) >> np.uint64(32)) % np.uint64(bound)).astype(np.int64)
    # The last class has no images; the one before is never predicted.
    labels, guess = pick("evaluation labels", 4), pick("evaluation guesses", 5)
    guess[guess == 3] = 4
    predictions = np.where(pick("evaluation luck", 3) > 0, np.minimum(labels, 2), guess)
    every = list(range(classes))
    tensors["evaluation/labels"], tensors["evaluation/predictions"] = (
        labels.astype(number), predictions.astype(number))
    arguments = dict(labels=every, zero_division=0)
    scores = sk.precision_recall_fscore_support(labels, predictions, **arguments)
    tensors["evaluation/classes"] = np.array(scores, dtype=number)
    for mean in ["macro", "weighted", "micro"]:
        values = sk.precision_recall_fscore_support(labels, predictions, average=mean, **arguments)
        tensors[f"evaluation/{mean}"] = np.array(values[:3], dtype=number)
    for name in ["true", "pred", "all"]:
        tensors[f"evaluation/confusion-{name}"] = sk.confusion_matrix(
            labels, predictions, labels=every, normalize=name)
    tensors["evaluation/agreement"] = np.array(
        [sk.cohen_kappa_score(labels, predictions), sk.matthews_corrcoef(labels, predictions)])
    names = ["apple", "pear", "a much longer name", "plum", "fig"]
    for digits in [2, 4]:
        metadata[f"report{digits}"] = sk.classification_report(
            labels, predictions, target_names=names, digits=digits, **arguments)

    def probabilities(name, parts, classes):
        """Rows of multiples of 1 / parts (so that many are equal) that sum to 1, inclined to the label."""
        raw = np.abs(uniform(name, (count, classes), 1)) + 0.5 * np.eye(classes)[labels]
        whole = np.floor(raw / raw.sum(axis=1, keepdims=True) * parts)
        whole[:, 0] += parts - whole.sum(axis=1)
        return whole / parts

    tied, fine = probabilities("tied", 16, 4), probabilities("fine", 2**20, 4)
    tensors["evaluation/tied"], tensors["evaluation/fine"] = tied, fine
    for name, values in [("tied", tied), ("fine", fine)]:
        single = [sk.roc_auc_score(labels == index, values[:, index]) for index in range(4)]
        means = [
            sk.roc_auc_score(labels, values, multi_class="ovr", average=mean)
            for mean in ["macro", "weighted"]]
        tensors[f"evaluation/auc-{name}"] = np.array(single + means)
    for k in [1, 2, 3]:
        tensors[f"evaluation/top{k}-fine"] = np.array([sk.top_k_accuracy_score(labels, fine, k=k)])
        tensors[f"evaluation/top{k}-tied"] = np.array(
            [np.mean(keras.metrics.sparse_top_k_categorical_accuracy(labels, tied.astype(np.float32), k=k))])
    tensors["evaluation/auc-binary"] = np.array([sk.roc_auc_score(labels > 1, tied[:, 2] + tied[:, 3])])


versions = (
    f"Python {platform.python_version()}, PyTorch {torch.__version__}, Keras {keras.__version__}, "
    f"TensorFlow {tf.__version__}, scikit-learn {sklearn.__version__}, NumPy {np.__version__}")
golden = Golden("make_rules.py", versions, "optimizers, losses, metrics and schedules on random input")
make_optimizers(golden.tensors)
make_clipping(golden.tensors)
make_losses(golden.tensors)
make_metrics(golden.tensors)
make_schedules(golden.tensors)
make_evaluation(golden.tensors, golden.metadata)
golden.tensors = {name: np.asarray(value, dtype=number) for name, value in golden.tensors.items()}
golden.write(f"{sys.argv[1]}/rules.safetensors")
