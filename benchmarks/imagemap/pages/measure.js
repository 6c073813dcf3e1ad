// In every page before its own scripts: the stop watches. A page registers `measure.map`, how to look at its map.
(() => {
  const PATIENCE = 8000; // ms
  const frame = () => new Promise(requestAnimationFrame);
  const later = () => new Promise((done) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = done; port2.postMessage(0); });

  /** Waits until all that was drawn has become pixels: reads one back from each canvas. */
  function finish(canvases) {
    for (const canvas of canvases.filter(Boolean)) {
      const gl = canvas.getContext('webgl2') ?? canvas.getContext('webgl');
      if (gl) gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
      else canvas.getContext('2d').getImageData(0, 0, 1, 1);
    }
  }

  let frames = null, began = 0; // began: when the first pointer move of this frame came
  addEventListener('pointermove', async () => {
    if (!frames || began) return;
    began = performance.now();
    await frame(); // after the moves a browser runs the frame's own callbacks, where maps draw, then styles, lays out and paints
    await later();
    if (!frames) return;
    finish(measure.map.canvases());
    frames.push(performance.now() - began);
    began = 0;
  }, { capture: true, passive: true });

  window.measure = {
    first: {}, // 'dots', 'thumbnails' -> ms after the navigation began
    map: null, // { canvases(), card(), lassoed(), told?(), show?(area, px), at?(x, y), box?(), k?(), home?(), armLasso?() }
    async drawn(what) {
      if (what in this.first) return;
      this.first[what] = null;
      await frame();
      await later();
      finish(this.map.canvases());
      this.first[what] = performance.now();
    },
    startFrames() { [frames, began] = [[], 0]; },
    /** ms from the first move of a frame until its pixels are finished. */
    stopFrames() { const found = frames; frames = null; return found; },
    finish() { finish(this.map.canvases()); },
    /** ms from the next pointer event of this type until each of `dones` holds, one after the other, and the frame that shows
     *  it is finished; -1 where one does not. */
    after(type, ...dones) {
      this.result = null;
      addEventListener(type, async ({ timeStamp }) => {
        const end = performance.now() + PATIENCE, found = [];
        for (const done of dones) {
          do { await frame(); await later(); } while (!done() && performance.now() < end); // later: other callbacks of this frame count
          const held = done();
          finish(this.map.canvases());
          found.push(held ? performance.now() - timeStamp : -1);
        }
        this.result = found;
      }, { capture: true, once: true });
    },
    points(buffer, n) {
      const [x, y, score] = [0, 4, 8].map((at) => new Float32Array(buffer, at * n, n));
      return { x, y, score, column: new Uint16Array(buffer, 12 * n, n), line: new Uint16Array(buffer, 14 * n, n) };
    },
  };
})();
