import { useTranslation } from 'react-i18next'
import { useDocumentTitle } from '@/lib/document-title'
import { ConversationList } from './conversation-list'
import { SearchField } from './search-field'
import { focusOnHit, SearchResults } from './search-results'
import { useTypedQuery } from './use-typed-query'

/** All conversations, or the places in them where `q` was said. */
export function HistoryPage({ q }: { q: string }) {
  const { t } = useTranslation('history')
  useDocumentTitle(t('title'))
  const [typed, setTyped] = useTypedQuery(q)
  return (
    <main
      id="content"
      tabIndex={-1}
      className="mx-auto w-full max-w-176 flex-1 px-4 pt-6 pb-24 outline-none tablet:px-8"
    >
      <h1 className="pb-4 font-said text-title">{t('title')}</h1>
      <SearchField
        label={t('search.label')}
        value={typed}
        onChange={setTyped}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') focusOnHit(event)
        }}
      />
      {q === '' ? <ConversationList /> : <SearchResults key={q} q={q} />}
    </main>
  )
}
