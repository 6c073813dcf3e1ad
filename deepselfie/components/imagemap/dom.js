// Two small words of the language of the other files.

export const clamp = (v, low, high) => Math.min(Math.max(v, low), Math.max(low, high));

export const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
