// The module for SHA-512, which no preset needs: it is not in 'sigpost/verify'.

import base64 from './generated/sha512.wasm';
import { Engine } from './core.js';

export const sha512 = new Engine(base64);
