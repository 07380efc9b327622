"""Both losses with every option, in plain NumPy and the longest floats it has; written for reading, not for speed.

Beside each array stands the sum of its terms' absolute values ("terms"): where terms of both signs cancel, rounding
errors are to be measured against that. Targets, weights and options are widened exactly; nothing is computed in less.
"""

from dataclasses import dataclass

import numpy as np

Real = np.longdouble


@dataclass
class Expected:
    loss: object
    loss_terms: object
    gradient: object
    gradient_terms: object
    hessian: object  # None where options rule it out
    hessian_terms: object
    log_sum_exp: object
    argmax: object
    loss_sum: object
    loss_sum_terms: object
    weight_sum: object
    count: int
    correct: int


def product(weight, value):
    """weight * value, where a weight of 0 makes 0 of infinities and NaN too."""
    return np.where(weight == 0, Real(0), weight * value)


def excluding_own(values):
    """Of each entry of the last axis the sum of all others, without the rounding of a subtraction."""
    before, after = np.zeros_like(values), np.zeros_like(values)
    before[..., 1:] = np.cumsum(values, -1)[..., :-1]
    after[..., :-1] = np.cumsum(values[..., ::-1], -1)[..., ::-1][..., 1:]
    return before + after


def scaled_and_capped(z, scale, cap):
    """The logits that count, their derivative in the given ones, and the terms of that.

    A capped logit is granted errors of its own last digits, so whatever depends on it has terms as many times larger.
    """
    z = scale * z
    if not cap:
        return z, np.full_like(z, scale), np.full_like(z, scale)
    capped = cap * np.tanh(z / cap)
    return capped, scale / np.cosh(np.minimum(np.abs(z / cap), 5000)) ** 2, scale * (1 + np.abs(capped))


def floored(x, floor):
    x = np.clip(x, Real(0), Real(1))
    return np.maximum(x, floor), np.maximum(1 - x, floor)


def log_term(p, rest, log_p, gamma):
    """rest^gamma (-log p), and its derivative in log p, for rest = 1 - p."""
    if not gamma:
        return -log_p, np.full_like(p, -1)
    slope = gamma * product(p, product(log_p, rest ** (gamma - 1)))
    return product(rest**gamma, -log_p), slope - rest**gamma


def entropy(t):
    return product(t, np.log(np.where(t > 0, t, 1)))


def entropy_rounding(t, smoothing):
    """t log t turns the rounding of a smoothed t near 1, where it is itself near 0, into as large an error."""
    return t if smoothing else np.zeros_like(t)


def smoothed(t, smoothing, classes):
    return (1 - smoothing) * t + smoothing / classes


def reduce(row, row_terms, gradient, hessian, divisor, reduction, upstream):
    """Rows, and what is as large as y_pred with the class axis last, to what a call returns."""
    total, total_terms = row.sum(), row_terms.sum()
    factor = np.asarray(1 if upstream is None else upstream, Real)
    if reduction == "mean":
        inverse = 1 / divisor if divisor else Real(0)
        loss = total * inverse if divisor else Real(0)
        loss_terms, factor = total_terms * abs(inverse), factor * inverse
    elif reduction == "sum":
        loss, loss_terms = total, total_terms
    else:
        loss, loss_terms = row, row_terms
    if factor.size == 1:
        factor = factor.reshape(())
    elif gradient[0].ndim > row.ndim:
        factor = factor[..., None]
    arrays = []
    for values in (*gradient, *hessian):
        vanishes = reduction == "mean" and not divisor
        arrays.append(None if values is None else np.zeros_like(values) if vanishes else values * factor)
    gradient, gradient_terms, hessian, hessian_terms = arrays
    return (
        loss, loss_terms, gradient, np.abs(gradient_terms), hessian,
        None if hessian is None else np.abs(hessian_terms), total, total_terms,
    )  # fmt: skip


def choose_divisor(divisor, normalizer, weight_sum, count, batch):
    return Real(normalizer) if normalizer else {"weights": weight_sum, "count": count, "batch": batch}[divisor]


def real_or(value, default):
    return np.asarray(default if value is None else value, Real)


@np.errstate(all="ignore")
def binary(
    y_true, y_pred, *, input="probabilities", reduction="mean", divisor="weights", normalizer=None,
    measure="cross_entropy", probability_floor=1e-15, label_smoothing=0.0, logit_scale=1.0, logit_softcap=None,
    focal_gamma=0.0, focal_alpha=None, poly_epsilon=0.0, sample_weights=None, pos_weight=None, upstream=None,
    initial_gradient=0.0,
):  # fmt: skip
    """`initial_gradient` is what accumulate_gradient adds to."""
    x, y = np.asarray(y_pred, Real), np.asarray(y_true, Real)
    e, gamma, poly = Real(label_smoothing), Real(focal_gamma), Real(poly_epsilon)
    y, no = smoothed(y, e, 2), smoothed(1 - y, e, 2)
    z, chain, chain_terms = scaled_and_capped(x, Real(logit_scale), Real(logit_softcap or 0))
    if input == "probabilities":
        p, rest = floored(x, Real(probability_floor))
        log_p, log_rest = np.log(p), np.log(rest)
        # The derivatives of log p, log(1-p) and p in x.
        in_log_p, in_log_rest, in_p = 1 / p, -1 / rest, np.ones_like(x)
    elif input == "logits":
        p, rest = 1 / (1 + np.exp(-z)), 1 / (1 + np.exp(z))
        log_p, log_rest = -np.logaddexp(Real(0), -z), -np.logaddexp(Real(0), z)
        in_log_p, in_log_rest, in_p = rest, -p, p * rest
    else:
        p, rest, log_p = np.exp(x), -np.expm1(x), x
        log_rest = np.log(rest)
        in_log_p, in_log_rest, in_p = np.ones_like(x), -p / rest, p
    alpha, against = (1, 1) if focal_alpha is None else (Real(focal_alpha), 1 - Real(focal_alpha))
    yes_weight, no_weight = y * real_or(pos_weight, 1) * alpha, no * against
    yes_term, yes_slope = log_term(p, rest, log_p, gamma)
    no_term, no_slope = log_term(rest, p, log_rest, gamma)

    losses = [product(yes_weight, yes_term), product(no_weight, no_term), poly * product(y, rest), poly * product(no, p)]
    loss_terms = np.zeros_like(x)
    if measure == "kl_divergence":
        losses += [entropy(y), entropy(no)]
        loss_terms = loss_terms + entropy_rounding(y, e) + entropy_rounding(no, e)
    slopes = [
        product(yes_weight, yes_slope * in_log_p), product(no_weight, product(in_log_rest, no_slope)),
        -poly * product(y, in_p), poly * product(no, in_p),
    ]  # fmt: skip
    curvature = {
        "probabilities": lambda: [product(yes_weight, in_log_p**2), product(no_weight, in_log_rest**2)],
        "logits": lambda: [yes_weight * in_p * chain**2, no_weight * in_p * chain**2],
        "log_probabilities": lambda: [product(no_weight, p / rest**2)],
    }[input]()

    s = np.broadcast_to(real_or(sample_weights, 1), x.shape)
    loss_terms = loss_terms + sum(map(np.abs, losses))
    row, row_terms = product(s, sum(losses)), product(s, chain_terms / logit_scale * loss_terms)
    gradient = product(s, chain * sum(slopes)), product(s, chain_terms * sum(map(np.abs, slopes)))
    has_hessian = not (gamma or poly or logit_softcap)
    hessian = [product(s, sum(curvature)), product(s, sum(map(np.abs, curvature)))] if has_hessian else [None, None]
    weight_sum = s.sum()
    divided_by = choose_divisor(divisor, normalizer, weight_sum, x.size, x.size)
    values = reduce(row, np.abs(row_terms), gradient, hessian, divided_by, reduction, upstream)
    result = Expected(*values[:6], None, None, *values[6:], weight_sum, x.size, -1)
    result.gradient = result.gradient + initial_gradient
    result.gradient_terms = result.gradient_terms + np.abs(initial_gradient)
    return result


@np.errstate(all="ignore")
def categorical(
    y_true, y_pred, *, axis=-1, input="probabilities", reduction="mean", divisor="weights", normalizer=None,
    measure="cross_entropy", ignore_index=None, probability_floor=1e-15, label_smoothing=0.0, logit_scale=1.0,
    logit_softcap=None, z_loss=0.0, focal_gamma=0.0, poly_epsilon=0.0, class_weights=None, sample_weights=None,
    upstream=None, initial_gradient=0.0,
):  # fmt: skip
    """Integers in y_true are labels. `initial_gradient` is what accumulate_gradient adds to."""
    x, y = np.moveaxis(np.asarray(y_pred, Real), axis, -1), np.asarray(y_true)
    classes, rows = x.shape[-1], x.shape[:-1]
    e, gamma, poly, b = Real(label_smoothing), Real(focal_gamma), Real(poly_epsilon), Real(z_loss)
    has_labels = y.dtype.kind in "iu"
    ignored = np.zeros(rows, bool)
    if has_labels:
        ignored = np.zeros(rows, bool) if ignore_index is None else y == ignore_index
        y = np.where(ignored, 0, y).astype(np.int64)
        t = (np.arange(classes) == y[..., None]).astype(Real)
    else:
        t = np.moveaxis(np.asarray(y, Real), axis, -1)
    t = smoothed(t, e, classes)
    w = np.broadcast_to(real_or(class_weights, 1), (classes,))
    u = w * t
    s = np.broadcast_to(real_or(sample_weights, 1), rows)
    row_weight = w[y] if has_labels else np.ones(rows, Real)

    exponent, spoilt = None, np.zeros(rows, bool)
    z, chain, chain_terms = scaled_and_capped(x, Real(logit_scale), Real(logit_softcap or 0))
    if input == "probabilities":
        p, rest = floored(x, Real(probability_floor))
        log_p = np.log(p)
    elif input == "log_probabilities":
        p, rest, log_p = np.exp(x), -np.expm1(x), x
    else:
        largest = z.max(-1, keepdims=True)
        spoilt = ~np.isfinite(largest[..., 0])
        shifted = np.exp(z - np.where(np.isfinite(largest), largest, 0))
        total, others = shifted.sum(-1, keepdims=True), excluding_own(shifted)
        p, rest = shifted / total, others / total
        exponent = (largest + np.log(total))[..., 0] if z.size else np.zeros(rows, Real)
        exponent = np.where(spoilt, largest[..., 0], exponent)
        # By log1p near p = 1, where the difference would cancel.
        log_p = np.where(p > 0.5, -np.log1p(others / shifted), z - exponent[..., None])

    term, slope = log_term(p, rest, log_p, gamma)
    losses = [product(u, term), product(u, poly * rest)]
    loss_terms = np.zeros_like(x)
    if measure == "kl_divergence":
        losses.append(w * entropy(t))
        loss_terms = np.abs(w) * entropy_rounding(t, e)
    row, row_terms = sum(losses).sum(-1), (loss_terms + sum(map(np.abs, losses))).sum(-1)
    slopes = [product(u, slope), product(u, -poly * p)]
    slope, slope_terms = sum(slopes), sum(map(np.abs, slopes))
    if input == "logits":
        of_z_loss = b * row_weight
        row = row + product(of_z_loss, exponent**2)
        size = np.maximum(np.abs(exponent), 1)  # what log_sum_exp is accurate to
        row_terms = row_terms + product(np.abs(of_z_loss), size**2)
        row_terms = row_terms * chain_terms.max(-1) / logit_scale
        outer, outer_terms = product(2 * of_z_loss, exponent), product(np.abs(2 * of_z_loss), size)
        gradient = chain * (slope + p * (outer - slope.sum(-1))[..., None])
        gradient_terms = chain_terms.max(-1, keepdims=True) * (slope_terms + p * (outer_terms + slope_terms.sum(-1))[..., None])
        of_p, of_p_terms = u.sum(-1) + outer, np.abs(u).sum(-1) + outer_terms
        curvature = chain**2 * (of_p[..., None] * p * rest + 2 * of_z_loss[..., None] * p**2)
        curvature_terms = chain**2 * (of_p_terms[..., None] * p * rest + 2 * np.abs(of_z_loss[..., None]) * p**2)
    elif input == "probabilities":
        gradient, gradient_terms = product(slope, 1 / p), product(slope_terms, 1 / p)
        curvature = product(u, 1 / p**2)
        curvature_terms = np.abs(curvature)
    else:
        gradient, gradient_terms, curvature, curvature_terms = slope, slope_terms, np.zeros_like(x), np.zeros_like(x)
        spoilt = np.zeros(rows, bool)

    # A row that contributes nothing does so whatever its logits are; elsewhere these would make it NaN.
    off = ignored | (s == 0)
    if has_labels and not e:
        off = off | (row_weight == 0)
    weight = np.where(off, 0, s)
    row, row_terms = np.where(spoilt, np.nan, row), np.where(spoilt, np.nan, row_terms)
    row, row_terms = product(weight, row), np.abs(product(weight, row_terms))
    arrays = []
    for values in (gradient, gradient_terms, curvature, curvature_terms):
        values = np.where(spoilt[..., None], np.nan, values)
        arrays.append(product(weight[..., None], values))
    if gamma or poly or logit_softcap:
        arrays[2:] = None, None

    weight_sum = np.where(ignored, 0, s * row_weight).sum()
    count = int((~ignored).sum())
    divided_by = choose_divisor(divisor, normalizer, weight_sum, count, ignored.size)
    values = reduce(row, row_terms, arrays[:2], arrays[2:], divided_by, reduction, upstream)
    largest = np.argmax(x, -1)
    correct = int(((largest == y) & ~ignored).sum()) if has_labels else -1
    result = Expected(*values[:6], exponent, largest, *values[6:], weight_sum, count, correct)
    for name in ("gradient", "gradient_terms", "hessian", "hessian_terms"):
        if getattr(result, name) is not None:
            setattr(result, name, np.moveaxis(getattr(result, name), -1, axis))
    result.gradient = result.gradient + initial_gradient
    result.gradient_terms = result.gradient_terms + np.abs(initial_gradient)
    return result
