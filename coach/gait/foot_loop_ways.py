"""The samples of one stride in, the way of the foot out, as plain loops: the measures of `coach.gait.foot_path`."""

import math

import numpy as np

from coach.gait.constants import GRAVITY_MPS2
from coach.model.samples import FloatArray


def way_of(
    t: FloatArray,
    acc: FloatArray,
    gyr: FloatArray,
    axes: FloatArray,
    bias: FloatArray,
    seen: FloatArray,
    found: FloatArray,
) -> None:
    """Put length [m], clearance [m] and sink [m/s] from the first to the last sample into `found`.

    axes: (3, 3) forward, left, up of the flat foot in sensor axes. bias: (3,) turn rate at rest. seen: sums over
    strides of their number, the drift's rate (3,), the mean products of turn rates (3, 3) and the mean rate of pitch,
    added to.
    """
    n = len(t)
    duration = t[n - 1] - t[0]
    along, turned = np.empty((3, n)), np.empty((4, n))
    _along_axes(gyr, axes, bias[0], bias[1], bias[2], along)
    _moments(t, along, seen[4:14])
    _small_turns(t, along, turned)
    _attitudes(turned)
    _along_axes(acc, axes, 0.0, 0.0, 0.0, along)
    _turn(turned, along)
    _integrate(t, along)
    left0, left1, left2 = along[0, n - 1], along[1, n - 1], along[2, n - 1]
    _places(t, along, left0 / duration, left1 / duration, left2 / duration, found)
    found[2] = left2
    seen[0] += 1.0
    seen[1] += left0 / duration
    seen[2] += left1 / duration
    seen[3] += left2 / duration


def _along_axes(values: FloatArray, axes: FloatArray, x0: float, y0: float, z0: float, out: FloatArray) -> None:
    """(n, 3) values less (x0, y0, z0), along the foot's axes. Loops stand apart: a compiler then does several samples
    at once."""
    ax, ay, az = axes[0, 0], axes[0, 1], axes[0, 2]
    bx, by, bz = axes[1, 0], axes[1, 1], axes[1, 2]
    cx, cy, cz = axes[2, 0], axes[2, 1], axes[2, 2]
    along, left, up = out[0], out[1], out[2]
    for k in range(len(values)):
        x, y, z = values[k, 0] - x0, values[k, 1] - y0, values[k, 2] - z0
        along[k] = ax * x + ay * y + az * z
        left[k] = bx * x + by * y + bz * z
        up[k] = cx * x + cy * y + cz * z


def _small_turns(t: FloatArray, rates: FloatArray, turned: FloatArray) -> None:
    """From each sample to the next as a quaternion; the first is none."""
    along, left, up = rates[0], rates[1], rates[2]
    w, x, y, z = turned[0], turned[1], turned[2], turned[3]
    w[0], x[0], y[0], z[0] = 1.0, 0.0, 0.0, 0.0
    for k in range(1, len(t)):
        quarter = 0.25 * (t[k] - t[k - 1])
        hx = (along[k] + along[k - 1]) * quarter
        hy = (left[k] + left[k - 1]) * quarter
        hz = (up[k] + up[k - 1]) * quarter
        squared = hx * hx + hy * hy + hz * hz
        size = 1.0 - squared * (1.0 / 6.0 - squared * (1.0 / 120.0))
        w[k] = 1.0 - squared * (0.5 - squared * (1.0 / 24.0))
        x[k], y[k], z[k] = hx * size, hy * size, hz * size


def _attitudes(turned: FloatArray) -> None:
    """Put in place of each small turn the product of all up to it."""
    ws, xs, ys, zs = turned[0], turned[1], turned[2], turned[3]
    w, x, y, z = 1.0, 0.0, 0.0, 0.0
    for k in range(1, len(ws)):
        c, hx, hy, hz = ws[k], xs[k], ys[k], zs[k]
        w, x, y, z = (
            w * c - x * hx - y * hy - z * hz,
            w * hx + x * c + y * hz - z * hy,
            w * hy - x * hz + y * c + z * hx,
            w * hz + x * hy - y * hx + z * c,
        )
        ws[k], xs[k], ys[k], zs[k] = w, x, y, z


def _turn(turned: FloatArray, forces: FloatArray) -> None:
    """Forces to accelerations as turned at the first rest: (w w - u u) v + 2 (u v) u + 2 w (u x v), less gravity."""
    ws, xs, ys, zs = turned[0], turned[1], turned[2], turned[3]
    along, left, up = forces[0], forces[1], forces[2]
    for k in range(len(ws)):
        fx, fy, fz = along[k], left[k], up[k]
        w, x, y, z = ws[k], xs[k], ys[k], zs[k]
        scalar, share, twice = 2.0 * (x * fx + y * fy + z * fz), w * w - x * x - y * y - z * z, 2.0 * w
        along[k] = share * fx + scalar * x + twice * (y * fz - z * fy)
        left[k] = share * fy + scalar * y + twice * (z * fx - x * fz)
        up[k] = share * fz + scalar * z + twice * (x * fy - y * fx) - GRAVITY_MPS2


def _integrate(t: FloatArray, columns: FloatArray) -> None:
    """Put in place of (3, n) values their integrals."""
    along, left, up = columns[0], columns[1], columns[2]
    x, y, z = along[0], left[0], up[0]
    vx = vy = vz = 0.0
    along[0] = left[0] = up[0] = 0.0
    for k in range(1, len(t)):
        half = 0.5 * (t[k] - t[k - 1])
        vx, vy, vz = vx + (along[k] + x) * half, vy + (left[k] + y) * half, vz + (up[k] + z) * half
        x, y, z = along[k], left[k], up[k]
        along[k], left[k], up[k] = vx, vy, vz


def _places(t: FloatArray, velocity: FloatArray, ax: float, ay: float, az: float, found: FloatArray) -> None:
    """Fill in length and clearance; ax, ay, az: what the velocities drift by."""
    n = len(t)
    px = py = pz = 0.0
    height = np.empty(n)
    height[0] = 0.0
    vx, vy, vz = velocity[0, 0], velocity[1, 0], velocity[2, 0]
    for k in range(1, n):
        half, since = 0.5 * (t[k] - t[k - 1]), t[k] - t[0]
        ux, uy, uz = velocity[0, k] - ax * since, velocity[1, k] - ay * since, velocity[2, k] - az * since
        px, py, pz = px + (ux + vx) * half, py + (uy + vy) * half, pz + (uz + vz) * half
        vx, vy, vz = ux, uy, uz
        height[k] = pz
    found[0] = math.sqrt(px * px + py * py + pz * pz)
    slope, clearance = pz / (t[n - 1] - t[0]), 0.0
    for k in range(n):
        clearance = max(clearance, height[k] - slope * (t[k] - t[0]))
    found[1] = clearance


def _moments(t: FloatArray, rates: FloatArray, seen: FloatArray) -> None:
    """Add the mean products of the turn rates, the last one not counted, and the mean rate of pitch."""
    n = rates.shape[1] - 1
    along, left, up = rates[0], rates[1], rates[2]
    xx = xy = xz = yy = yz = zz = pitch = 0.0
    for k in range(n):
        x, y, z = along[k], left[k], up[k]
        xx, xy, xz = xx + x * x, xy + x * y, xz + x * z
        yy, yz, zz = yy + y * y, yz + y * z, zz + z * z
        pitch += (y + left[k + 1]) * (t[k + 1] - t[k]) * 0.5
    seen[0] += xx / n
    seen[1] += xy / n
    seen[2] += xz / n
    seen[3] += xy / n
    seen[4] += yy / n
    seen[5] += yz / n
    seen[6] += xz / n
    seen[7] += yz / n
    seen[8] += zz / n
    seen[9] += pitch / (t[n] - t[0])
