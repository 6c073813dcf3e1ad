// The dial: a half circle that fills with the score, and the score as a number.

const ARC = 'M 12 88 A 76 76 0 0 1 164 88';

export class Dial {
  readonly element = document.createElement('div');
  private readonly number: HTMLElement;
  private readonly arc: SVGPathElement;
  private written = 0;

  /** every: milliseconds between two numbers, so that they can be read. */
  constructor(private readonly every = 250) {
    this.element.className = 'dial';
    this.element.setAttribute('role', 'meter');
    this.element.setAttribute('aria-label', 'Score');
    this.element.setAttribute('aria-valuemin', '0');
    this.element.setAttribute('aria-valuemax', '100');
    this.element.innerHTML = `<svg viewBox="0 0 176 98" aria-hidden="true"><path class="track" d="${ARC}" pathLength="100"/>`
      + `<path class="value" d="${ARC}" pathLength="100"/></svg><strong></strong><small>score</small>`;
    this.number = this.element.querySelector('strong')!;
    this.arc = this.element.querySelector('.value')!;
    this.show(null, 0);
  }
  /** score: in [0, 1], or null where there is none yet. */
  show(score: number | null, now: number): void {
    const percent = score === null ? 0 : Math.round(100 * score);
    this.arc.style.strokeDashoffset = String(100 - 100 * (score ?? 0));
    if (score !== null && now - this.written < this.every) return;
    this.written = score === null ? -Infinity : now;
    this.number.textContent = score === null ? '–' : `${percent}\u2009%`;
    this.element.setAttribute('aria-valuenow', String(percent));
  }
}
