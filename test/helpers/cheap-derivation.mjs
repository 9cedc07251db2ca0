// Loaded into gateways of tests that derive keys from passphrases many times over.
import { deriveCheaply } from './derive-cheaply.mjs';

deriveCheaply();
