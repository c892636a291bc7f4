import { EraseEverything } from './erase-everything'
import { ExportData } from './export-data'
import { KeptData } from './kept-data'
import { KeptOnDevice } from './kept-on-device'
import { SettingsPage } from './settings-page'

/** What is kept of the learner, and how to take it along or away. */
export function DataPage() {
  return (
    <SettingsPage section="data">
      <KeptData />
      <KeptOnDevice />
      <ExportData />
      <EraseEverything />
    </SettingsPage>
  )
}
