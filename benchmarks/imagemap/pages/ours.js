// Our map without the app.
import { watch } from './watch.js';

const root = document.getElementById('map').attachShadow({ mode: 'open' });
const style = root.appendChild(document.createElement('style'));
style.textContent = given.css;
watch(() => root);
const { default: mount } = await import(given.module);
mount({ parentElement: root, data: given, setTriggerValue() {} });
