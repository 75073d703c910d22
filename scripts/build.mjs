/** `npm run build`: packages installed and `dist/` compiled, both only when they are out of date. */

import { prepare } from './prepare.mjs';

prepare();
