// The camera: asked for, and in plain words why it cannot be had.

/** A stream of the camera that faces the visitor. Throws an Error whose message is meant for the visitor. */
export async function camera(): Promise<MediaStream> {
  // older and insecure pages have no mediaDevices at all, whatever the types say
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw new Error('Browsers lend the camera only to addresses that begin with https:// and to localhost.');
  try {
    return await devices.getUserMedia({ audio: false, video: { facingMode: 'user', width: { ideal: 1280 }, height: { ideal: 720 } } });
  } catch (error) {
    throw new Error(whyNot((error as Error).name));
  }
}

export function whyNot(name: string): string {
  switch (name) {
    case 'NotAllowedError': return 'The camera was refused. Allow it with the sign beside the address, then start again.';
    case 'NotFoundError': case 'OverconstrainedError': return 'No camera was found on this device.';
    case 'NotReadableError': return 'The camera is busy: another program uses it. Close that, then start again.';
    default: return `The camera could not be started (${name}). Start again, or try another browser.`;
  }
}

/** The largest centred square of a picture, at most `most` px: where it begins, its side, and the side to draw it at. */
export function square(width: number, height: number, most: number): { x: number; y: number; from: number; to: number } {
  const from = Math.min(width, height);
  return { x: (width - from) / 2, y: (height - from) / 2, from, to: Math.min(from, most) };
}
