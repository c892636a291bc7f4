import jsxA11y from 'eslint-plugin-jsx-a11y'
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

const words = 'Words come from the message catalogue (src/locales).'
const colour = 'Name a colour token, not a colour (styles/tokens.css).'
const rawColour = String.raw`(^|[\s:])#[0-9a-fA-F]{3,8}\b|\b(rgb|rgba|hsl|oklch|light-dark)\(|-\[#`
const livekit = {
  group: ['livekit-client', 'livekit-client/*'],
  message: 'LiveKit is known to lib/livekit and features/talk only.',
}

const FEATURES = ['auth', 'talk', 'history', 'settings', 'welcome']
/** Features that are a part of others: the check of the microphone stands in several rooms. */
const SHARED_FEATURES = ['devices']

/** What the files of one part of the app may not import; LiveKit is for those who are told so. */
function zone(files, forbidden, { livekit: mayUseLivekit = false } = {}) {
  const parts = forbidden.flatMap((part) => [`@/${part}/**`, `**/${part}/**`])
  const patterns = [
    ...(parts.length === 0
      ? []
      : [{ group: parts, message: 'Imports flow one way: lib, components, features, app.' }]),
    ...(mayUseLivekit ? [] : [livekit]),
  ]
  return { files, rules: { 'no-restricted-imports': ['error', { patterns }] } }
}

export default tseslint.config(
  { ignores: ['dist', 'test-results', 'playwright-report', 'src/lib/api/schema.d.ts', 'public'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] } },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // TanStack Router's redirects are thrown, and are not errors.
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
    },
  },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['src/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': reactHooks },
    rules: reactHooks.configs.recommended.rules,
  },
  // Imports flow one way: lib and components, then features, then app; no feature knows another.
  zone(['src/main.tsx', 'src/app/**'], []),
  zone(['src/components/**'], ['app', 'features']),
  zone(['src/lib/**'], ['app', 'features', 'components']),
  zone(['src/lib/livekit/**'], ['app', 'features', 'components'], { livekit: true }),
  ...SHARED_FEATURES.map((feature) =>
    zone([`src/features/${feature}/**`], ['app', ...FEATURES.map((other) => `features/${other}`)]),
  ),
  ...FEATURES.map((feature) => {
    const others = FEATURES.filter((other) => other !== feature).map((other) => `features/${other}`)
    return zone([`src/features/${feature}/**`], ['app', ...others], { livekit: feature === 'talk' })
  }),
  {
    files: ['src/**/*.tsx'],
    ...jsxA11y.flatConfigs.strict,
    rules: {
      ...jsxA11y.flatConfigs.strict.rules,
      'no-restricted-syntax': [
        'error',
        { selector: String.raw`JSXText[value=/\p{L}/u]`, message: words },
        {
          selector: String.raw`JSXExpressionContainer > Literal[value=/\p{L}{2}/u]:not(JSXAttribute Literal)`,
          message: words,
        },
        {
          selector: String.raw`JSXAttribute[name.name=/^(aria-label|aria-description|aria-roledescription|alt|title|placeholder|label)$/] Literal[value=/\p{L}/u]:not(CallExpression > Literal)`,
          message: words,
        },
        { selector: `Literal[value=/${rawColour}/]`, message: colour },
        { selector: `TemplateElement[value.raw=/${rawColour}/]`, message: colour },
      ],
    },
  },
)
