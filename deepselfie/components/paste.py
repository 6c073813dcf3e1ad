"""Lets a page's upload field take a photo from the clipboard: Ctrl+V anywhere on the page. In: nothing; out: nothing.

A pasted picture goes the field's own way, as if it had been chosen from a folder.
"""

from __future__ import annotations

import streamlit as st

JS = """
export default function () {
  const paste = (event) => {
    const pictures = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    const field = document.querySelector('[data-testid="stFileUploader"] input[type="file"]');
    if (!pictures.length || !field) return;
    event.preventDefault();
    const carried = new DataTransfer();
    for (const picture of field.multiple ? pictures : pictures.slice(0, 1)) carried.items.add(picture);
    field.files = carried.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };
  document.addEventListener("paste", paste);
  return () => document.removeEventListener("paste", paste);
}
"""
_component = st.components.v2.component("deepselfie_paste", js=JS)


def paste_to_upload() -> None:
    """Has the one upload field of this page take what is pasted."""
    _component(key="paste")
