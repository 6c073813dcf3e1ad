// Hints from what can be measured without a face detector: light, contrast, how the phone is held, and how tall the
// network takes the face to be.

export interface Measured { brightness: number; contrast: number; tilt: number | null; face: number | null }

const DARK = 0.25, BRIGHT = 0.82, FLAT = 0.09; // of a full scale: where a face is hard to make out
const NEAR = 0.55; // of the picture's height: a face takes up more in one selfie of seven
const LEANS = 8; // degrees: below, nobody sees it

/** Mean and standard deviation of luma (ITU-R 601), as deepselfie.attributes measures them. pixels: RGBA; of every 7th. */
export function light(pixels: Uint8ClampedArray): { brightness: number; contrast: number } {
  let sum = 0, squares = 0, n = 0;
  for (let i = 0; i + 2 < pixels.length; i += 28, n++) {
    const luma = (0.299 * pixels[i] + 0.587 * pixels[i + 1] + 0.114 * pixels[i + 2]) / 255;
    sum += luma;
    squares += luma * luma;
  }
  const brightness = sum / n;
  return { brightness, contrast: Math.sqrt(Math.max(0, squares / n - brightness * brightness)) };
}

/** Degrees by which a phone leans to a side, 0 upright, from gravity along its screen (m/s²); null where it lies flat.
 * angle: that of the screen, 0, 90, 180 or 270. The sign of gravity differs among phones, so only the amount is told. */
export function lean(x: number, y: number, angle: number): number | null {
  if (Math.hypot(x, y) < 4) return null;
  const [across, along] = angle % 180 ? [y, x] : [x, y];
  return Math.atan2(Math.abs(across), Math.abs(along)) * 180 / Math.PI;
}

export function hints({ brightness, contrast, tilt, face }: Measured): string[] {
  const said: string[] = [];
  if (brightness < DARK) said.push('More light: turn towards a window or a lamp.');
  else if (brightness > BRIGHT) said.push('Less light: turn a little away from it.');
  else if (contrast < FLAT) said.push('The picture is flat: try light from one side, and wipe the lens.');
  if (face !== null && face > NEAR) said.push(`Step back: the face fills about ${10 * Math.round(10 * face)} % of the height.`);
  if (tilt !== null && tilt > LEANS) said.push(`The phone leans by ${Math.round(tilt)}°: hold it upright.`);
  return said;
}
