import { defineConfig } from 'i18next-cli'

/** `npm run words` finds what is said in the sources and not in a catalogue, and what no source says any more. */
export default defineConfig({
  locales: ['en', 'fr'],
  extract: {
    input: ['src/**/*.{ts,tsx}'],
    ignore: ['src/**/*.test.ts', 'src/locales/**'],
    output: 'src/locales/{{language}}/{{namespace}}.json',
    defaultNS: 'common',
    functions: ['t', '*.t'],
    sort: false,
    // Named by a value: what they must hold is in the types of those values.
    preservePatterns: [
      'common:captions.sizes.*',
      'common:errors.*',
      'auth:invalid.*',
      'auth:missing.*',
      'devices:check.hearing.*',
      'devices:processing.*',
      'settings:data.kinds.*',
      'settings:invalid.*',
      'settings:level.choices.*',
      'settings:memory.kinds.*',
      'settings:patience.choices.*',
      'settings:sections.*',
      'talk:connection.*',
      'talk:modes.*',
      'talk:reasons.*',
      'talk:refused.*',
      'talk:remedy.*',
      'welcome:level.known.*',
    ],
  },
})
