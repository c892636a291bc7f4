import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript'
import { importX } from 'eslint-plugin-import-x'
import jsxA11y from 'eslint-plugin-jsx-a11y'
import reactHooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

const words = 'Words come from the message catalogue (lib/messages).'
const colour = 'Name a colour token, not a colour (styles/tokens.css).'
const rawColour = String.raw`(^|[\s:])#[0-9a-fA-F]{3,8}\b|\b(rgb|rgba|hsl|oklch|light-dark)\(|-\[#`
const livekit = {
  group: ['livekit-client', 'livekit-client/*'],
  message: 'LiveKit is known to lib/livekit and features/talk only.',
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
    plugins: { 'import-x': importX, 'react-hooks': reactHooks },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      ...reactHooks.configs.recommended.rules,
      'no-restricted-imports': ['error', { patterns: [livekit] }],
      'import-x/no-cycle': 'error',
      // Imports flow one way: lib and components, then features, then app; no feature knows another.
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: import.meta.dirname,
          zones: [
            { target: './src/features', from: './src/app' },
            { target: './src/components', from: ['./src/app', './src/features'] },
            { target: './src/lib', from: ['./src/app', './src/features', './src/components'] },
            ...['auth', 'talk', 'history'].map((feature) => ({
              target: `./src/features/${feature}`,
              from: './src/features',
              except: [`./${feature}`],
            })),
          ],
        },
      ],
    },
  },
  {
    files: ['src/lib/livekit/**', 'src/features/talk/**'],
    rules: { 'no-restricted-imports': 'off' },
  },
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
          selector: String.raw`JSXAttribute[name.name=/^(aria-label|aria-description|aria-roledescription|alt|title|placeholder|label)$/] Literal[value=/\p{L}/u]`,
          message: words,
        },
        { selector: `Literal[value=/${rawColour}/]`, message: colour },
        { selector: `TemplateElement[value.raw=/${rawColour}/]`, message: colour },
      ],
    },
  },
)
