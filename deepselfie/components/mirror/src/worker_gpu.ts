// The network on the graphics card, where the browser has WebGPU and lets WebAssembly wait for it.

import * as runtime from 'onnxruntime-web/jspi';
import { serve } from './serving';

serve(runtime, 'webgpu');
