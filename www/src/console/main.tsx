// The console: a client of the native API, and of nothing else.

import '../ui/theme.css';
import '../ui/ui.css';
import './console.css';

import { render } from 'preact';

import { App } from './app';

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
