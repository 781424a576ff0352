import '../ui/theme.css';
import '../ui/ui.css';

import { render } from 'preact';

const root = document.getElementById('app');
if (root !== null) render(<p>sigpost</p>, root);
