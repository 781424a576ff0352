// The playground: verifies and explains a webhook, and signs one, without anything leaving the browser.

import '../ui/theme.css';
import '../ui/ui.css';
import './playground.css';

import { render } from 'preact';

import { App } from './view/app';

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
