// The network on the processor, in a worker so that the page stays quick.

import * as runtime from 'onnxruntime-web/wasm';
import { serve } from './serving';

serve(runtime, 'wasm');
