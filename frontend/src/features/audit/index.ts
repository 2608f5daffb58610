/** The audit log. */
export { AuditLogPage } from './components/audit-log-page';
export { CompliancePage } from './components/compliance-page';
export { type AuditSearch, type ReportSearch, readReportSearch, readSearch } from './model/search';
