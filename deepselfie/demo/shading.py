"""Light on a person: from the buffers of raster.py to linear colour, pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from deepselfie.demo import cloth, paint
from deepselfie.demo.mesh import CLOTH, EYE, HAT, LENS, SKIN, TEETH, TONGUE
from deepselfie.demo.paint import step
from deepselfie.demo.raster import ALONG, CHANCE, CLEAR, IS_BEARD, WEIGHT, hashed

# Rows of `lamps` (9, 3): directions are unit vectors towards the lamp, colours are linear light.
KEY, KEY_COLOUR, SKY, GROUND, FILL, FILL_COLOUR, RIM, RIM_COLOUR, WINDOW = range(9)


@njit(cache=True, fastmath=True)
def lit(wx, wy, wz, axes, frame, shadow, x, y, is_hair):
    """0 in the shadow .. 1 in the light, from eight soft samples of the shadow map."""
    side = shadow.shape[0]
    lx = (axes[0, 0] * wx + axes[0, 1] * wy + axes[0, 2] * wz) * frame[0] + frame[1]
    ly = (axes[1, 0] * wx + axes[1, 1] * wy + axes[1, 2] * wz) * frame[0] + frame[2]
    lz = axes[2, 0] * wx + axes[2, 1] * wy + axes[2, 2] * wz
    turn, total, bias = hashed(x, y, 3) * 6.283, 0.0, 0.12 if is_hair else 0.08
    for k in range(8):
        angle, reach = turn + k * 2.399, math.sqrt((k + 0.5) / 8) * 0.055 * frame[0]
        xi, yi = int(lx + math.cos(angle) * reach), int(ly + math.sin(angle) * reach)
        if xi < 0 or yi < 0 or xi >= side or yi >= side:
            total += 1
            continue
        behind = shadow[yi, xi] - lz
        if behind < bias:
            total += 1
        elif is_hair:
            total += math.exp(-(behind - bias) * 7)
    return total / 8


@njit(cache=True, fastmath=True)
def shade_hair(out, cell, w, e, lamps, hair_colour, beard_colour, light, open_sky):
    """Kajiya and Kay's hair: two highlights along the strand, darker at the roots. cell: see raster.draw_strands."""
    total = cell[WEIGHT] + 1e-9
    tx, ty, tz = cell[0], cell[1], cell[2]
    length = math.sqrt(tx * tx + ty * ty + tz * tz) + 1e-9
    tx, ty, tz = tx / length, ty / length, tz / length
    together = length / total  # 1 where the strands of a pixel run the same way
    chance, place, beard = cell[CHANCE] / total, cell[ALONG] / total, cell[IS_BEARD] / total
    along = tx * lamps[KEY, 0] + ty * lamps[KEY, 1] + tz * lamps[KEY, 2]
    across = math.sqrt(max(0.0, 1 - along * along))
    along_eye = tx * e[0] + ty * e[1] + tz * e[2]
    across_eye = math.sqrt(max(0.0, 1 - along_eye * along_eye))
    wander = 0.16 * (chance - 0.5)
    first = along + 0.06 + wander
    sharp = max(0.0, math.sqrt(max(0.0, 1 - first * first)) * across_eye - first * along_eye) ** 70 * 0.16 * together
    shifted = along - 0.16 + wander
    soft = math.sqrt(max(0.0, 1 - min(1.0, shifted * shifted))) * across_eye - shifted * along_eye
    soft = max(0.0, soft) ** 16 * 0.55 * together
    lock = 0.62 + 0.76 * chance
    deep = 0.85 if beard > 0.5 else 0.55 + 0.45 * step(0.0, 0.4, place)
    hx, hy, hz = w[0], w[1] - 7.4, w[2] - 0.4
    length = math.sqrt(hx * hx + hy * hy + hz * hz) + 1e-6
    up = 0.5 + 0.5 * hy / length
    to_key = (hx * lamps[KEY, 0] + hy * lamps[KEY, 1] + hz * lamps[KEY, 2]) / length
    to_rim = (hx * lamps[RIM, 0] + hy * lamps[RIM, 1] + hz * lamps[RIM, 2]) / length
    to_fill = (hx * lamps[FILL, 0] + hy * lamps[FILL, 1] + hz * lamps[FILL, 2]) / length
    facing = max(0.0, to_key * 0.6 + 0.4)
    for c in range(3):
        h = (hair_colour[c] * (1 - beard) + beard_colour[c] * beard) * lock
        root = math.sqrt(h)
        ambient = (lamps[SKY, c] * up + lamps[GROUND, c] * (1 - up)) * (0.30 + 0.70 * open_sky) * deep
        direct = lamps[KEY_COLOUR, c] * light * (across * 0.55 * facing + 0.1) * deep
        shine = lamps[KEY_COLOUR, c] * light * facing * deep * (sharp * 0.5 * (0.3 + root) + soft * (h * 1.5 + 0.012))
        rim = lamps[RIM_COLOUR, c] * max(0.0, to_rim) * (0.25 * h + 0.05 * root) * (1 - 0.5 * across_eye * across_eye)
        fill = lamps[FILL_COLOUR, c] * max(0.0, to_fill * 0.5 + 0.5) * across
        out[c] = h * (ambient * 1.05 + direct + fill * 0.5 * deep) + shine + rim + lamps[SKY, c] * 0.012 * max(0.0, up)


@njit(cache=True, fastmath=True)
def shade_surface(out, n, e, lamps, rgb, wrap, bare, gloss, hardness, light, open_sky, is_lens):
    nl = n[0] * lamps[KEY, 0] + n[1] * lamps[KEY, 1] + n[2] * lamps[KEY, 2]
    nf = n[0] * lamps[FILL, 0] + n[1] * lamps[FILL, 1] + n[2] * lamps[FILL, 2]
    nr = n[0] * lamps[RIM, 0] + n[1] * lamps[RIM, 1] + n[2] * lamps[RIM, 2]
    ne = max(0.0, n[0] * e[0] + n[1] * e[1] + n[2] * e[2])
    hx, hy, hz = lamps[KEY, 0] + e[0], lamps[KEY, 1] + e[1], lamps[KEY, 2] + e[2]
    length = math.sqrt(hx * hx + hy * hy + hz * hz) + 1e-9
    nh = max(0.0, (n[0] * hx + n[1] * hy + n[2] * hz) / length)
    graze = (1 - ne) ** 4
    mirror = 0.04 + 0.96 * (1 - ne) ** 5
    shine = gloss * (hardness + 8) / 20 * nh**hardness * step(0, 0.2, nl) * light * (1 + 6 * mirror)
    up = 0.5 + 0.5 * n[1]
    for c in range(3):
        red = c == 0 and bare > 0  # light spreads further in skin where it is red
        direct = max(0.0, (nl + wrap[c]) / (1 + wrap[c])) * light ** (0.75 if red else 1.0)
        open_c = open_sky ** (0.6 if red else 0.8 if bare > 0 else 1.0)
        ambient = (lamps[SKY, c] * up + lamps[GROUND, c] * (1 - up)) * open_c
        fill = lamps[FILL_COLOUR, c] * max(0.0, (nf + 0.4) / 1.4) * (0.3 + 0.7 * open_c)
        rim = lamps[RIM_COLOUR, c] * max(0.0, (nr + 0.1) / 1.1) * 0.5
        key = lamps[KEY_COLOUR, c]
        if is_lens:
            sky = 0.15 + 0.85 * step(-0.2, 0.5, 2 * ne * n[1] - e[1])
            seen = lamps[SKY, c] * sky * 0.5 * (0.25 + mirror) + lamps[GROUND, c] * 0.1 * (0.2 + mirror)
            out[c] = rgb[c] * ambient + seen + key * shine * 1.5
            continue
        # oil on skin takes on a little of its warmth, or dark skin looks grey under flash
        tint = 0.35 + 0.65 * rgb[c] / (max(rgb[0], rgb[1], rgb[2]) + 1e-6) if bare > 0 else 1.0
        v = rgb[c] * (key * direct * (0.35 + 0.65 * open_sky) + ambient + fill + rim) + key * shine * tint
        v += lamps[SKY, c] * graze * (0.07 if bare > 0 else 0.04) * open_c
        out[c] = v + lamps[RIM_COLOUR, c] * graze * max(0.0, nr) * 0.25


@njit(cache=True, fastmath=True)
def place(w, e, x, y, z, rotation, position, lens):
    """Fills w, the point seen in pixel (x, y) at distance z, and e, the unit vector from there to the camera."""
    vx, vy = (x + 0.5 - lens[1]) * z / (lens[0] * lens[3]), -(y + 0.5 - lens[2]) * z / lens[0]
    for c in range(3):
        w[c] = position[c] + rotation[0, c] * vx + rotation[1, c] * vy + rotation[2, c] * z
        e[c] = position[c] - w[c]
    length = math.sqrt(e[0] * e[0] + e[1] * e[1] + e[2] * e[2])
    for c in range(3):
        e[c] /= length


@njit(cache=True, fastmath=True)
def bulge(X, Y, Z, corners, weights, template, rest):
    """From a point of a flat triangle to the curved surface it stands for, or hems would be broken at each edge
    (Boubekeur and Alexa 2008, Phong tessellation)."""
    dx, dy, dz = 0.0, 0.0, 0.0
    for k in range(3):
        i = corners[k]
        a, b, c = rest[i, 0], rest[i, 1], rest[i, 2]
        off = weights[k] * ((template[i, 0] - X) * a + (template[i, 1] - Y) * b + (template[i, 2] - Z) * c)
        dx, dy, dz = dx + off * a, dy + off * b, dz + off * c
    return 0.75 * dx, 0.75 * dy, 0.75 * dz


@njit(cache=True, fastmath=True)
def shade(
    depth, number, bary, front, layer, veil, triangles, material, template, normals, lip, mouth, open_sky,
    rotation, position, lens, lamps, shadow, axes, frame, eyes, colours, amounts,
    cut, dyes, mask, rest,
):  # fmt: skip
    """(H, W, 4) float32: linear colour and how much a person covers; and (H, W) how much is bare skin.

    depth, number, bary: of the surfaces; front, layer: of the hair before them, see raster.draw_strands;
    veil (H, W): 0..1 how much lashes darken, 0..-1 how much glasses mirror; cut, dyes, mask: of the clothes, see cloth;
    rest (N, 3): normals of `template`, or 0 where it is flat.
    lens is (focal length, x, y of the principal point) in pixels, and the squish;
    eyes (3, 3): left and right centre, gaze."""
    height, width = depth.shape
    out, skin = np.zeros((height, width, 4), np.float32), np.zeros((height, width), np.float32)
    w, e, n, rgb, wrap = np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3)
    bend = np.zeros(3)
    hair = np.zeros(3)
    for y in range(height):
        for x in range(width):
            t, hidden = number[y, x], 1 - layer[y, x, CLEAR]  # by hair
            if layer[y, x, WEIGHT] <= 0 or front[y, x] <= 0:
                hidden = 0.0
            if t == -1 and hidden <= 0:
                continue
            sky = open_sky[y, x]
            if hidden > 0:
                place(w, e, x, y, 1 / front[y, x], rotation, position, lens)
                light = lit(w[0], w[1], w[2], axes, frame, shadow, x, y, True)
                shade_hair(
                    hair, layer[y, x], w, e, lamps, colours[paint.HAIR_COLOUR], colours[paint.BEARD_COLOUR], light, sky
                )
                if t == -1 or hidden > 0.985:
                    for c in range(3):
                        out[y, x, c] = hair[c]
                    out[y, x, 3] = hidden if t == -1 else 1.0
                    continue
            place(w, e, x, y, 1 / depth[y, x], rotation, position, lens)
            light = lit(w[0], w[1], w[2], axes, frame, shadow, x, y, False)
            out[y, x, 3] = 1
            i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            w1, w2 = bary[y, x, 0], bary[y, x, 1]
            w0 = 1 - w1 - w2
            X = w0 * template[i, 0] + w1 * template[j, 0] + w2 * template[k, 0]
            Y = w0 * template[i, 1] + w1 * template[j, 1] + w2 * template[k, 1]
            Z = w0 * template[i, 2] + w1 * template[j, 2] + w2 * template[k, 2]
            for c in range(3):
                n[c] = w0 * normals[i, c] + w1 * normals[j, c] + w2 * normals[k, c]
            m, bare, gloss, hardness = material[t], 0.0, 0.0, 20.0
            wrap[:] = 0.15
            if m == SKIN:
                if Y < 6.3:
                    dx, dy, dz = bulge(X, Y, Z, (i, j, k), (w0, np.float64(w1), np.float64(w2)), template, rest)
                    X, Y, Z = X + dx, Y + dy, Z + dz
                neck, sleeve = cloth.hems(X, Y, Z, cut)
                if neck < 0 and sleeve < 0:
                    cloth.fabric(rgb, bend, X, Y, Z, w[0], w[1], w[2], neck, sleeve, cut, dyes, mask)
                    for c in range(3):
                        n[c] += bend[c]
                    wrap[:] = 0.25
                else:
                    lips = w0 * lip[i] + w1 * lip[j] + w2 * lip[k]
                    inside = w0 * mouth[i] + w1 * mouth[j] + w2 * mouth[k]
                    rgb[0], rgb[1], rgb[2], bare, gloss = paint.skin(X, Y, Z, lips, inside, colours, amounts)
                    wrap[0], wrap[1], wrap[2] = 0.34, 0.19, 0.13
                    hardness = 36.0 if lips > 0.5 else 22.0
                    if inside > 0.3:  # a mouth's walls light each other
                        sky, light = 0.5 + 0.5 * sky, 0.3 + 0.7 * light
            elif m == CLOTH:  # a hood
                cloth.fabric(rgb, bend, 0.6, 4.9, -0.3, w[0], w[1], w[2], -1.0, -cloth.NOBODY, cut, dyes, mask)
                for c in range(3):
                    n[c] += 0.7 * bend[c]
                wrap[:] = 0.25
            elif m == EYE:
                side = 0 if X > 0 else 1
                px, py, pz = w[0] - eyes[side, 0], w[1] - eyes[side, 1], w[2] - eyes[side, 2]
                r, g, b, angle = paint.eyeball(px, py, pz, eyes[2], colours, amounts[paint.SEED])
                rgb[0], rgb[1], rgb[2] = r, g, b
                if angle < 1.0:
                    n[0], n[1], n[2] = px, py, pz
                gloss, hardness, sky = 0.02, 60.0, 0.25 + 0.75 * sky
            elif m == TEETH:
                rgb[0], rgb[1], rgb[2] = paint.tooth(X, Z)
                gloss, hardness, sky, light = 0.06, 60.0, 0.7 + 0.3 * sky, 0.5 + 0.5 * light
            elif m == TONGUE:
                rgb[0], rgb[1], rgb[2], gloss, sky = 0.42, 0.13, 0.12, 0.03, 0.5 + 0.5 * sky
            elif m == HAT:
                rgb[0], rgb[1], rgb[2], gloss = paint.fabric(X, Y - 8, Z, colours)
                wrap[:] = 0.25
                hardness = 30.0
            else:
                rgb[:] = colours[paint.LENS_COLOUR] if m == LENS else colours[paint.FRAME_COLOUR]
                gloss, hardness = 0.25, 300.0 if m == LENS else 60.0
            length = math.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]) + 1e-9
            for c in range(3):
                n[c] /= length
            shade_surface(out[y, x], n, e, lamps, rgb, wrap, bare, gloss, hardness, light, sky, m == LENS)
            if m == EYE:  # a window reflected in the eye
                ne = max(0.0, n[0] * e[0] + n[1] * e[1] + n[2] * e[2])
                toward = 0.0
                for c in range(3):
                    toward += (2 * ne * n[c] - e[c]) * lamps[WINDOW, c]
                for c in range(3):
                    out[y, x, c] += step(0.976, 0.99, toward) * (0.6 * lamps[KEY_COLOUR, c] + 0.5 * lamps[SKY, c])
            dark, glare = 1 - 0.9 * max(0.0, veil[y, x]), max(0.0, -veil[y, x])
            for c in range(3):
                out[y, x, c] = out[y, x, c] * dark + glare * 0.14 * (lamps[SKY, c] + 0.4 * lamps[KEY_COLOUR, c])
            skin[y, x] = bare * (1 - hidden)
            if hidden > 0:
                for c in range(3):
                    out[y, x, c] += (hair[c] - out[y, x, c]) * hidden
    return out, skin
